declare module 'mnist' {
  const digits: Readonly<Record<number, { readonly raw: readonly number[] }>>;
  export default digits;
}
