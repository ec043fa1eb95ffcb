export * from '@espalier/trainer/node';
