export * from '@espalier/backbones/node';
