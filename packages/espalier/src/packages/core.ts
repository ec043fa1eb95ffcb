export * from '@espalier/core';
