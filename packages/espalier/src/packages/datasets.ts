export * from '@espalier/datasets';
