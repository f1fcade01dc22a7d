/// The members that the hardware endpoints take.
struct HardwareRequest {
  /// Devices that a what-if may add, and bytes that one may have.
  static let addedMax = 64
  static let addedBytesMax = 1 << 44
  /// Bytes of a request.
  static let bytesMax = 65_536

  private(set) var model: String?
  private(set) var parameters = 7_000_000_000
  private(set) var precision: Sizing.Precision?
  private(set) var added: [Int] = []
  private(set) var removed = 0
  private(set) var requirement = "none"
  private(set) var chips = 1
  private(set) var method = "lora"
  private(set) var target = "gpu"
  private(set) var provider: String?
  private(set) var options = RunOptions()

  init(_ body: [UInt8]) throws(BadRequest) {
    guard !body.isEmpty else { return }
    guard body.count <= Self.bytesMax else { throw BadRequest("The body has more than \(Self.bytesMax) bytes.") }
    var walker = JSONReader(body)
    var problem: BadRequest?
    do throws(JSONParseError) {
      try walker.members { (key, walker) throws(JSONParseError) in
        let found = try self.take(key, &walker)
        problem = problem ?? found
      }
    } catch {
      throw BadRequest("The body is not a JSON object; it goes wrong at byte \(error.offset).")
    }
    if !walker.isAtEnd() { throw BadRequest("There is something behind the JSON object.") }
    if let problem { throw problem }
    if let model, !hasParameters {
      guard let count = NamedModel.model(model)?.parameters else {
        throw BadRequest("`model` does not say how large it is, as `70b` would; send `model_params`.", "model")
      }
      parameters = count
    }
  }

  private var hasParameters = false

  private mutating func take(_ key: String, _ walker: inout JSONReader) throws(JSONParseError) -> BadRequest? {
    switch key {
    case "model": model = try walker.text()
    case "model_params", "model_params_m":
      let unit = key == "model_params" ? 1.0 : 1e6
      guard let count = try walker.decimal(), count > 0, count * unit <= 1e15 else {
        return BadRequest("`\(key)` is a number of parameters above 0.", key)
      }
      parameters = Int(saturating: count * unit)
      hasParameters = true
    case "quantization":
      guard let name = try walker.text(), let found = Sizing.Precision(rawValue: name.lowercased()) else {
        return BadRequest("`quantization` is one of fp32, fp16, bf16, int8, int4.", key)
      }
      precision = found
    case "add_devices": return try takeAdded(&walker)
    case "remove_count": removed = max(0, min(try walker.integer() ?? 0, 4096))
    case "requirement": requirement = try walker.text() ?? ""
    case "min_chips": chips = max(0, try walker.integer() ?? 1)
    case "method": method = try walker.text()?.lowercased() ?? ""
    case "target": target = try walker.text()?.lowercased() ?? ""
    case "provider": provider = try walker.text()?.lowercased()
    case "context":
      guard let context = try walker.integer(), (1...1 << 24).contains(context) else {
        return BadRequest("`context` is a number of tokens from 1 to \(1 << 24).", key)
      }
      options.context = context
    case "parallel":
      guard let parallel = try walker.integer(), (1...1024).contains(parallel) else {
        return BadRequest("`parallel` is a number of conversations from 1 to 1024.", key)
      }
      options.parallel = parallel
    default: break
    }
    return nil
  }

  private mutating func takeAdded(_ walker: inout JSONReader) throws(JSONParseError) -> BadRequest? {
    guard walker.peek() == .array else { return BadRequest("`add_devices` is a list of objects.", "add_devices") }
    var problem: BadRequest?
    try walker.elements { (walker) throws(JSONParseError) in
      guard walker.peek() == .object else { return }
      var bytes = 0
      try walker.members { (key, walker) throws(JSONParseError) in
        if key == "memory_bytes" { bytes = try walker.integer() ?? 0 }
      }
      if bytes <= 0 || bytes > Self.addedBytesMax {
        problem = BadRequest("`memory_bytes` of a device is from 1 to \(Self.addedBytesMax).", "add_devices")
      } else if self.added.count == Self.addedMax {
        problem = BadRequest("At most \(Self.addedMax) devices can be added.", "add_devices")
      } else {
        self.added.append(bytes)
      }
    }
    return problem
  }

  /// A model of that size, for the planner: as the name says it is stored, unless a precision is asked for.
  var shape: Model {
    let name = model ?? ""
    let stored = precision.map { "\(name) \($0.rawValue)" } ?? name
    return NamedModel.model(stored, parameters: Double(parameters))
  }
}

/// What a job needs of a machine, in hoosh's words.
enum Requirement: String, CaseIterable {
  case none
  case gpu
  case tpu
  case gaudi
  case neuron = "aws-neuron"
  case gpuOrTPU = "gpu-or-tpu"
  case any = "any-accelerator"

  init?(_ name: String) { self.init(rawValue: name) }

  static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }

  func matches(_ device: Device) -> Bool {
    switch self {
    case .none: true
    case .gpu: device.family == "gpu"
    case .tpu: device.family == "tpu"
    case .gaudi: device.backends.contains(.gaudi)
    case .neuron: device.backends.contains(.neuron)
    case .gpuOrTPU: device.family == "gpu" || device.family == "tpu"
    case .any: device.family != "none"
    }
  }
}

extension Machine {
  /// The machine with devices added, and without the first few that can be used: for a what-if.
  public func edited(adding added: [Int], removingFirst removed: Int = 0) -> Machine {
    var machine = self
    var left = removed
    machine.devices.removeAll { device in
      guard device.isUsable, left > 0 else { return false }
      left -= 1
      return true
    }
    for (index, bytes) in added.enumerated() {
      var device = Device(
        kind: .discreteGPU, vendor: "what if", name: Fact("device \(index + 1) of a what-if", .edited))
      device.uuid = Fact("what-if-\(index + 1)", .edited)
      device.memory = Fact(bytes, .edited)
      device.free = Fact(bytes, .edited)
      device.backends = [.cuda]
      machine.devices.append(device)
    }
    return machine
  }
}

/// Hoosh's table of what training takes.
enum TrainingEstimate {
  /// Hundredths of the model's size for the model, the optimizer and the activations, by method and target. The
  /// figures are hoosh's (ai-hwaccel), so that callers get what they got.
  private static let factors: [String: (gpu: [Int], tpu: [Int], gaudi: [Int])] = [
    "full": ([100, 200, 100], [100, 150, 80], [100, 150, 90]),
    "lora": ([100, 10, 10], [100, 15, 12], [100, 12, 12]),
    "qlora": ([25, 10, 2], [40, 15, 5], [35, 12, 4]), "qlora4": ([25, 10, 2], [40, 15, 5], [35, 12, 4]),
    "qlora8": ([50, 10, 5], [60, 15, 7], [55, 12, 7]),
    "prefix": ([100, 5, 5], [100, 5, 5], [100, 5, 6]),
    "dpo": ([200, 200, 150], [200, 150, 120], [200, 150, 130]),
    "rlhf": ([200, 200, 150], [200, 150, 120], [200, 150, 130]),
    "distill": ([150, 100, 80], [150, 80, 60], [150, 90, 70]),
  ]

  static func answer(_ request: HardwareRequest) throws(BadRequest) -> [UInt8] {
    guard let factors = factors[request.method] else {
      throw BadRequest("`method` is one of \(factors.keys.sorted().joined(separator: ", ")).", "method")
    }
    let row: [Int]
    switch request.target {
    case "gpu", "cpu": row = factors.gpu
    case "tpu": row = factors.tpu
    case "gaudi": row = factors.gaudi
    default: throw BadRequest("`target` is one of gpu, cpu, tpu, gaudi.", "target")
    }
    let base = request.parameters.times(2)
    var parts = row.map { Int(saturating: Double(base) * Double($0) / 100) }
    // A quarter of a hundredth is lost in the table: QLoRA's activations are a tenth of the quarter.
    if request.method.hasPrefix("qlora"), request.method != "qlora8" { parts[2] = parts[0] / 10 }
    let total = parts.reduce(0) { $0.plus($1) }
    var out = JSONWriter()
    out.object { out in
      out.member("model_params_millions", request.parameters / 1_000_000)
      out.member("method", request.method)
      out.member("target", request.target)
      out.object("estimate") { out in
        for (name, bytes) in zip(["model", "optimizer", "activation", "total"], parts + [total]) {
          out.member("\(name)_bytes", bytes)
          out.member("\(name)_gib_x1000", Int(saturating: Double(bytes) / Double(1 << 30) * 1000))
        }
      }
    }
    return out.bytes
  }
}
