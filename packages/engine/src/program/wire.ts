/**
 * A protocol buffers message, written field by field.
 *
 * Only what a SavedModel needs of the wire format: https://protobuf.dev/programming-guides/encoding
 */
export class Message {
  private readonly parts: Uint8Array[] = [];
  private size = 0;

  /** An integer, a boolean or an enum value; negative numbers as two's complement of 64 bits. */
  varint(field: number, value: number | boolean): this {
    return this.tag(field, 0).append(varint(Number(value)));
  }

  float(field: number, value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    return this.tag(field, 5).append(bytes);
  }

  bytes(field: number, value: Uint8Array): this {
    return this.tag(field, 2).append(varint(value.length)).append(value);
  }

  string(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  message(field: number, value: Message): this {
    this.tag(field, 2).append(varint(value.size));
    for (const part of value.parts) this.append(part);
    return this;
  }

  /** An entry of a map whose keys are strings. */
  entry(field: number, key: string, value: Message): this {
    return this.message(field, new Message().string(1, key).message(2, value));
  }

  finish(): Uint8Array {
    const whole = new Uint8Array(this.size);
    let offset = 0;
    for (const part of this.parts) {
      whole.set(part, offset);
      offset += part.length;
    }
    return whole;
  }

  private tag(field: number, wireType: number): this {
    return this.append(varint(field * 8 + wireType));
  }

  private append(part: Uint8Array): this {
    this.parts.push(part);
    this.size += part.length;
    return this;
  }
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}
