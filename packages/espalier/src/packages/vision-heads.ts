export * from '@espalier/vision-heads';
