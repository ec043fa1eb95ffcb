import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import { installName } from '../src/cache.js';
import type { Plan, Wheel } from '../src/install/plan.js';
import { tfjs } from '../src/versions.js';

const compiler = 'c++';

/** A TensorFlow that knows its version and nothing else, in a wheel, and a binding that asks for it. */
export interface MadeUp {
  readonly plan: Plan;
  readonly wheel: Buffer;
  /** The files in the wheel. */
  readonly files: Readonly<Record<string, Buffer>>;
}

export function madeUpTensorflow(): MadeUp {
  const folder = mkdtempSync(join(tmpdir(), 'espalier-made-up-'));
  const files = {
    'tensorflow/libtensorflow_cc.so.2': compileLibrary(
      folder,
      'libtensorflow_cc.so.2',
      'const char* TF_Version() { return "2.21.0"; }',
    ),
    'tensorflow/libtensorflow_framework.so.2': compileLibrary(
      folder,
      'libtensorflow_framework.so.2',
      'int TF_Nothing() { return 0; }',
    ),
    'tensorflow/include/tensorflow/c/c_api.h': Buffer.from('extern "C" const char* TF_Version();\n'),
    'tensorflow/include/tensorflow/c/padding': randomBytes(3_000_000),
    'tensorflow/python/not_kept.py': Buffer.from('raise SystemExit\n'),
    ...metadata('tensorflow-cpu', '2.21.0'),
  };
  const wheel = zip(files);
  return { plan: planFor(wheel, bindingSources(folder)), wheel, files };
}

function planFor(wheel: Buffer, bindingPackage: string): Plan {
  const pinned: Wheel = {
    project: 'tensorflow-cpu',
    file: 'tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl',
    sha256: createHash('sha256').update(wheel).digest('hex'),
    bytes: wheel.length,
    unpacked: 4_000_000,
    keep: ['tensorflow/libtensorflow_', 'tensorflow/include/tensorflow/c/'],
  };
  return {
    name: installName(tfjs, false),
    tfjsNode: { name: '@tensorflow/tfjs-node-gpu', version: tfjs, folder: bindingPackage },
    addon: join(bindingPackage, 'addon.cc'),
    wheels: [pinned],
    libraries: ['tensorflow/libtensorflow_cc.so.2', 'tensorflow/libtensorflow_framework.so.2'],
    linkerFlags: ['-shared', '-Wl,-rpath,$ORIGIN/tensorflow'],
    zig: undefined,
  };
}

function compileLibrary(folder: string, name: string, code: string): Buffer {
  const source = join(folder, 'library.cc');
  const library = join(folder, name);
  writeFileSync(source, `extern "C" { ${code} }`);
  execFileSync(compiler, ['-shared', '-fPIC', `-Wl,-soname,${name}`, source, '-o', library]);
  return readFileSync(library);
}

function bindingSources(folder: string): string {
  mkdirSync(join(folder, 'binding'));
  writeFileSync(join(folder, 'binding', 'tfjs_backend.cc'), '');
  writeFileSync(join(folder, 'binding', 'tfjs_binding.cc'), moduleWith('TF_Version', 'version'));
  writeFileSync(join(folder, 'addon.cc'), moduleWith('version', 'function'));
  return folder;
}

/** A module with one property: TensorFlow's version, or a function that gives it. */
function moduleWith(name: string, value: 'version' | 'function'): string {
  return `#include <node_api.h>
    #include "tensorflow/c/c_api.h"
    static napi_value ask(napi_env env, napi_callback_info) {
      napi_value version;
      napi_create_string_utf8(env, TF_Version(), NAPI_AUTO_LENGTH, &version);
      return version;
    }
    static napi_value start(napi_env env, napi_value exports) {
      napi_value version = ask(env, nullptr), function;
      napi_create_function(env, "ask", NAPI_AUTO_LENGTH, ask, nullptr, &function);
      napi_set_named_property(env, exports, "${name}", ${value});
      return exports;
    }
    NAPI_MODULE(made_up, start)`;
}

/** pip refuses a wheel without them. */
export function metadata(project: string, version: string): Record<string, Buffer> {
  const folder = `${project.replace('-', '_')}-${version}.dist-info`;
  return {
    [`${folder}/METADATA`]: Buffer.from(`Metadata-Version: 2.1\nName: ${project}\nVersion: ${version}\n`),
    [`${folder}/WHEEL`]: Buffer.from('Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: cp311-cp311-any\n'),
  };
}

/** A zip file, without the parts of the format that a wheel does not need. */
function zip(files: Readonly<Record<string, Buffer>>): Buffer {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const [path, content] of Object.entries(files)) {
    const name = Buffer.from(path);
    const packed = deflateRawSync(content);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(8, 4);
    common.writeUInt32LE(crc32(content), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(content.length, 18);
    common.writeUInt16LE(name.length, 22);
    locals.push(Buffer.from('PK\x03\x04'), common, name, packed);
    const where = Buffer.alloc(14);
    where.writeUInt32LE((0o100644 << 16) >>> 0, 6);
    where.writeUInt32LE(offset, 10);
    central.push(Buffer.from('PK\x01\x02\x14\x03', 'latin1'), common, where, name);
    offset += 4 + common.length + name.length + packed.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(Object.keys(files).length, 4);
  end.writeUInt16LE(Object.keys(files).length, 6);
  end.writeUInt32LE(directory.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...locals, directory, Buffer.from('PK\x05\x06'), end]);
}
