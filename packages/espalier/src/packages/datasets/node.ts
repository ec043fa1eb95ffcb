export * from '@espalier/datasets/node';
