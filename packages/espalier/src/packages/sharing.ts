export * from '@espalier/sharing';
