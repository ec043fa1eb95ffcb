export * from '@espalier/trainer';
