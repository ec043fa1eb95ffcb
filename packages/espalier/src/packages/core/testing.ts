export * from '@espalier/core/testing';
