export * from '@espalier/engine';
