export * from '@espalier/nlp-heads';
