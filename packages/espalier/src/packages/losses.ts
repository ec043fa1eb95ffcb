export * from '@espalier/losses';
