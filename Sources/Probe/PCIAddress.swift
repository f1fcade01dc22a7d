/// A PCI address: `dddd:bb:dd.f` in lower-case hexadecimal.
public struct PCIAddress: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// The segment; most machines have only one.
  public var domain: UInt32
  /// The bus within the segment.
  public var bus: UInt8
  /// The device on the bus, below 32.
  public var device: UInt8
  /// The function of the device, below 8.
  public var function: UInt8

  public init(domain: UInt32, bus: UInt8, device: UInt8, function: UInt8) {
    self.domain = domain
    self.bus = bus
    self.device = device & 31
    self.function = function & 7
  }

  /// Parses an address as the kernel, NVML (eight-digit domain), or lspci (no domain) writes it.
  public init?(_ text: some StringProtocol) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2 || parts.count == 3, let last = parts.last else { return nil }
    let ends = last.split(separator: ".", omittingEmptySubsequences: false)
    guard ends.count == 2, let domain = parts.count == 3 ? UInt32(hex: parts[0]) : 0,
      let bus = UInt8(hex: parts[parts.count - 2]), let device = UInt8(hex: ends[0]), device < 32,
      let function = UInt8(hex: ends[1]), function < 8
    else { return nil }
    self.init(domain: domain, bus: bus, device: device, function: function)
  }

  public var description: String {
    "\(Hex.text(domain, digits: 4)):\(Hex.text(bus, digits: 2)):\(Hex.text(device, digits: 2)).\(function)"
  }

  public static func < (left: PCIAddress, right: PCIAddress) -> Bool {
    (left.domain, left.bus, left.device, left.function) < (right.domain, right.bus, right.device, right.function)
  }
}

/// Formats hexadecimal numbers.
enum Hex {
  /// Returns a number with at least the given digits.
  static func text(_ number: some BinaryInteger, digits: Int) -> String {
    let text = String(number, radix: 16)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
  }
}

extension FixedWidthInteger {
  /// Parses hexadecimal digits, with or without `0x`; a sign is invalid.
  init?(hex text: some StringProtocol) {
    let digits = text.hasPrefix("0x") || text.hasPrefix("0X") ? text.dropFirst(2)[...] : text[...]
    guard digits.utf8.first != UInt8(ascii: "+"), digits.utf8.first != UInt8(ascii: "-") else { return nil }
    self.init(digits, radix: 16)
  }
}
