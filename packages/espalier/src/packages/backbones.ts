export * from '@espalier/backbones';
