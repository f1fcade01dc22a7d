internal import Probe

/// The members of a hardware endpoint's request body.
///
/// Unknown members are ignored. Of a key that appears twice, the last value counts.
struct HardwareRequest {
  /// Bytes of a body.
  static let bytesMax = 65_536
  /// Devices that `add_devices` may have.
  static let addedMax = 64
  /// Bytes of memory that an added device may have.
  static let addedBytesMax = 1 << 44
  /// The largest model, in parameters.
  private static let parametersMax = 1e15
  private static let contextMax = 1 << 24
  private static let parallelMax = 1024
  /// Devices that `remove_count` removes.
  private static let removedMax = 4096

  private(set) var model: String?
  private(set) var parameters = 7_000_000_000
  private(set) var precision: Sizing.Precision?
  /// Bytes of memory of each added device.
  private(set) var added: [Int] = []
  private(set) var removed = 0
  private(set) var requirement = "none"
  private(set) var chips = 1
  private(set) var method = "lora"
  private(set) var target = "gpu"
  private(set) var provider: String?
  private(set) var options = RunOptions()
  private var hasParameters = false

  /// Reads a body; an empty one has the defaults.
  init(_ body: [UInt8]) throws(HardwareRequestError) {
    guard !body.isEmpty else { return }
    guard body.count <= Self.bytesMax else {
      throw HardwareRequestError("The body has more than \(Self.bytesMax) bytes.")
    }
    var first: HardwareRequestError?
    do throws(JSONError) {
      let json = body.span
      var members = try MemberCursor(whole: json)
      while let member = try members.next(in: json) {
        let error = try read(member, in: json)
        first = first ?? error
      }
    } catch {
      throw HardwareRequestError("The body is not a JSON object: \(error).")
    }
    if let first { throw first }
    if let model, !hasParameters {
      guard let count = NamedModel.model(model)?.parameters else {
        throw HardwareRequestError(
          "`model` does not say how large the model is, as `llama-70b` does; send `model_params`.", "model")
      }
      parameters = count
    }
  }

  /// A model of this size, for the planner: quantized as its name says, unless the request gives a precision.
  var shape: Model {
    let name = model ?? ""
    let quantized = precision.map { "\(name) \($0.rawValue)" } ?? name
    return NamedModel.model(quantized, parameters: Double(parameters))
  }

  /// Reads one member and returns what is wrong with it.
  private mutating func read(_ member: Member, in json: Span<UInt8>) throws(JSONError) -> HardwareRequestError? {
    let key = member.name(in: json)
    let value = member.value
    func integer() -> Int? { value.integer(in: json).map { Int($0) } }
    switch key {
    case "model": model = value.string(in: json)
    case "model_params", "model_params_m":
      let unit = key == "model_params" ? 1.0 : 1e6
      guard let count = value.double(in: json), count > 0, count * unit <= Self.parametersMax else {
        return HardwareRequestError("`\(key)` must be a number of parameters above 0.", key)
      }
      parameters = Int(count * unit)
      hasParameters = true
    case "quantization":
      let name = value.string(in: json)?.lowercased()
      guard let name, let found = Sizing.Precision(rawValue: name) else {
        return HardwareRequestError("`quantization` must be one of fp32, fp16, bf16, int8, int4.", key)
      }
      precision = found
    case "add_devices": return try readAdded(value, in: json)
    case "remove_count": removed = max(0, min(integer() ?? 0, Self.removedMax))
    case "requirement": requirement = value.string(in: json) ?? ""
    case "min_chips": chips = max(0, integer() ?? 1)
    case "method": method = value.string(in: json)?.lowercased() ?? ""
    case "target": target = value.string(in: json)?.lowercased() ?? ""
    case "provider": provider = value.string(in: json)?.lowercased()
    case "context":
      guard let context = integer(), (1...Self.contextMax).contains(context) else {
        return HardwareRequestError("`context` must be a number of tokens from 1 to \(Self.contextMax).", key)
      }
      options.context = context
    case "parallel":
      guard let parallel = integer(), (1...Self.parallelMax).contains(parallel) else {
        return HardwareRequestError("`parallel` must be a number of sequences from 1 to \(Self.parallelMax).", key)
      }
      options.parallel = parallel
    default: break
    }
    return nil
  }

  private mutating func readAdded(
    _ list: JSONValue, in json: Span<UInt8>
  ) throws(JSONError) -> HardwareRequestError? {
    let key = "add_devices"
    guard list.kind == .array else { return HardwareRequestError("`add_devices` must be a list of objects.", key) }
    var last: HardwareRequestError?
    var elements = try ArrayCursor(in: json, at: Int(list.slice.start))
    while let element = try elements.next(in: json) {
      guard element.kind == .object else { continue }
      var bytes = 0
      var members = try MemberCursor(in: json, at: Int(element.slice.start))
      while let member = try members.next(in: json) {
        if member.keyEquals("memory_bytes", in: json) {
          bytes = member.value.integer(in: json).map { Int($0) } ?? 0
        }
      }
      if bytes <= 0 || bytes > Self.addedBytesMax {
        last = HardwareRequestError("`memory_bytes` of a device must be from 1 to \(Self.addedBytesMax).", key)
      } else if added.count == Self.addedMax {
        last = HardwareRequestError("At most \(Self.addedMax) devices can be added.", key)
      } else {
        added.append(bytes)
      }
    }
    return last
  }
}
