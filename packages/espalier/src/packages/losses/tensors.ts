export * from '@espalier/losses/tensors';
