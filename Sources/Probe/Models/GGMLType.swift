/// A storage type of ggml: the elements and bytes of one block. Source: ggml.h and ggml-common.h of llama.cpp.
struct GGMLType {
  var name: String
  var elements: Int
  var bytes: Int

  /// Returns the bytes of `count` elements; `nil` if they do not fill whole blocks.
  func size(of count: Int) -> Int? {
    guard count >= 0, count % elements == 0 else { return nil }
    let (size, overflow) = (count / elements).multipliedReportingOverflow(by: bytes)
    return overflow ? nil : size
  }

  private static let table: [UInt32: GGMLType] = [
    0: .init("F32", 1, 4), 1: .init("F16", 1, 2), 2: .init("Q4_0", 32, 18), 3: .init("Q4_1", 32, 20),
    6: .init("Q5_0", 32, 22), 7: .init("Q5_1", 32, 24), 8: .init("Q8_0", 32, 34), 9: .init("Q8_1", 32, 36),
    10: .init("Q2_K", 256, 84), 11: .init("Q3_K", 256, 110), 12: .init("Q4_K", 256, 144),
    13: .init("Q5_K", 256, 176),
    14: .init("Q6_K", 256, 210), 15: .init("Q8_K", 256, 292), 16: .init("IQ2_XXS", 256, 66),
    17: .init("IQ2_XS", 256, 74), 18: .init("IQ3_XXS", 256, 98), 19: .init("IQ1_S", 256, 50),
    20: .init("IQ4_NL", 32, 18), 21: .init("IQ3_S", 256, 110), 22: .init("IQ2_S", 256, 82),
    23: .init("IQ4_XS", 256, 136), 24: .init("I8", 1, 1), 25: .init("I16", 1, 2), 26: .init("I32", 1, 4),
    27: .init("I64", 1, 8), 28: .init("F64", 1, 8), 29: .init("IQ1_M", 256, 56), 30: .init("BF16", 1, 2),
    34: .init("TQ1_0", 256, 54), 35: .init("TQ2_0", 256, 66), 39: .init("MXFP4", 32, 17),
    40: .init("NVFP4", 64, 36),
    41: .init("Q1_0", 128, 18), 42: .init("Q2_0", 64, 18),
  ]

  private init(_ name: String, _ elements: Int, _ bytes: Int) {
    self.name = name
    self.elements = elements
    self.bytes = bytes
  }

  /// Returns the type with an ID; `nil` for removed types and for types newer than this table.
  static func find(_ id: UInt32) -> GGMLType? { table[id] }

  /// Returns the name of a `general.file_type`. It is only a label; the tensors state their own types.
  static func fileType(_ id: Int) -> String? {
    let names = [
      0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1", 10: "Q2_K", 11: "Q3_K_S",
      12: "Q3_K_M", 13: "Q3_K_L", 14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S", 17: "Q5_K_M", 18: "Q6_K", 19: "IQ2_XXS",
      20: "IQ2_XS", 21: "Q2_K_S", 22: "IQ3_XS", 23: "IQ3_XXS", 24: "IQ1_S", 25: "IQ4_NL", 26: "IQ3_S", 27: "IQ3_M",
      28: "IQ2_S", 29: "IQ2_M", 30: "IQ4_XS", 31: "IQ1_M", 32: "BF16", 36: "TQ1_0", 37: "TQ2_0", 38: "MXFP4_MOE",
    ]
    return names[id]
  }
}
