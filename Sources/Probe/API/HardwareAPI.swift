/// The hardware endpoints without their HTTP: a question and a snapshot in, an answer out. Nothing here waits.
public enum HardwareAPI {
  /// What is answered.
  public enum Answer: Sendable, Equatable {
    case json([UInt8])
    /// The request cannot be understood: a sentence, and the member that is meant.
    case refused(String, param: String?)
  }

  /// What may be asked, by the path below `/v1/hardware`.
  public enum Endpoint: String, Sendable, CaseIterable {
    case machine = ""
    case telemetry = "/telemetry"
    case models = "/models"
    case compatibleModels = "/compatible-models"
    case placement = "/placement"
    case simulate = "/simulate"
    case modelFormat = "/model-format"
    case requirementMatch = "/requirement-match"
    case cost = "/cost"
    case trainingEstimate = "/training-estimate"

    /// Whether a body comes with it.
    public var isPost: Bool {
      switch self {
      case .machine, .telemetry, .models, .compatibleModels: false
      default: true
      }
    }
  }

  /// Bytes of a header that are read while somebody waits; of a header in JSON, which takes longer.
  private static let headerBytesMax = 16 << 20
  private static let jsonBytesMax = 1 << 20

  /// Answers a question. `body` is the request's, empty where there is none.
  public static func answer(_ endpoint: Endpoint, _ body: [UInt8], _ snapshot: Snapshot) -> Answer {
    do throws(BadRequest) {
      switch endpoint {
      case .machine: return .json(snapshot.json)
      case .telemetry: return .json(telemetry(snapshot))
      case .models: return .json(models(snapshot))
      case .compatibleModels: return .json(compatibleModels(snapshot))
      case .placement: return .json(placement(try HardwareRequest(body), snapshot))
      case .simulate: return .json(simulate(try HardwareRequest(body), snapshot))
      case .modelFormat: return .json(try modelFormat(body))
      case .requirementMatch: return .json(try requirementMatch(HardwareRequest(body), snapshot))
      case .cost: return .json(cost(try HardwareRequest(body), snapshot))
      case .trainingEstimate: return .json(try TrainingEstimate.answer(HardwareRequest(body)))
      }
    } catch {
      return .refused(error.message, param: error.param)
    }
  }

  private static func write(_ body: (inout JSONWriter) -> Void) -> [UInt8] {
    var out = JSONWriter()
    out.object(nil, body)
    return out.bytes
  }

  private static func telemetry(_ snapshot: Snapshot) -> [UInt8] {
    write { out in
      out.array("devices") { out in
        for device in snapshot.machine.usable {
          out.object { out in
            let total = device.memory?.value ?? 0
            let free = device.free?.value ?? total
            out.member("id", device.id)
            out.member("name", device.name.value)
            Snapshot.telemetry(device, &out)
            out.member("memory_used_bytes", max(0, total - free))
            out.member("memory_free_bytes", free)
            out.member("interconnect", device.peers.first?.kind ?? (device.link == nil ? "memory" : "pcie"))
          }
        }
      }
    }
  }

  /// Sizes that people ask about, each at the finest numbers that fit.
  private static func models(_ snapshot: Snapshot) -> [UInt8] {
    write { out in
      out.member("total_vram_bytes", snapshot.deviceBytes)
      out.member("available_vram_bytes", snapshot.freeBytes)
      out.array("models") { out in
        for billions in [1, 3, 7, 13, 70, 405] {
          let found = snapshot.placement(parameters: billions * 1_000_000_000)
          out.object { out in
            out.member("params_billions", billions)
            out.member("suggested_quant", found.precision.rawValue)
            out.member("memory_required_bytes", found.bytes)
            out.member("fits_single_device", found.fitsOneDevice)
            out.member("fits_available", found.fitsDevices)
            out.member("fits_system_memory", found.fitsMemory)
          }
        }
      }
    }
  }

  private static func compatibleModels(_ snapshot: Snapshot) -> [UInt8] {
    let fitting = NamedModel.catalog.filter {
      Sizing.bytes(Int($0.billions * 1e9), .int8) <= max(snapshot.freeBytes, snapshot.hostBytes)
    }
    return write { out in
      out.member("quantization", "int8")
      out.member("available_vram_bytes", snapshot.freeBytes)
      out.member("available_memory_bytes", snapshot.hostBytes)
      out.array("compatible") { out in
        for entry in fitting {
          let bytes = Sizing.bytes(Int(entry.billions * 1e9), .int8)
          out.object { out in
            out.member("name", entry.name)
            out.member("params_billions", entry.billions)
            out.member("memory_required_bytes", bytes)
            out.member("fits_available", bytes <= snapshot.freeBytes)
          }
        }
      }
    }
  }

  private static func placement(_ request: HardwareRequest, _ snapshot: Snapshot) -> [UInt8] {
    let suggested = snapshot.placement(parameters: request.parameters)
    let precision = request.precision ?? suggested.precision
    let bytes = Sizing.bytes(request.parameters, precision)
    return write { out in
      out.member("model_params", request.parameters)
      out.member("quantization", precision.rawValue)
      out.member("memory_required_bytes", bytes)
      out.member("fits_single_device", bytes <= snapshot.largestFree)
      out.member("available_vram_bytes", snapshot.freeBytes)
      out.member("vram_reserve_bytes", snapshot.reserve)
      out.member("fits_available", bytes <= snapshot.freeBytes)
      out.member("suggested_quant", suggested.precision.rawValue)
      let plan = Planner.plan(request.shape, request.options, on: snapshot.budget, speed: snapshot.speed)
      out.object("plan") { plan.write(&$0) }
    }
  }

  /// The same arithmetic on the machine as it is and as it would be.
  private static func simulate(_ request: HardwareRequest, _ snapshot: Snapshot) -> [UInt8] {
    var edited = Snapshot(
      snapshot.machine.edited(adding: request.added, removingFirst: request.removed), reserve: snapshot.reserve,
      prices: snapshot.prices)
    edited.speed = snapshot.speed
    let precision = request.precision ?? .int4
    return write { out in
      out.member("model_params", request.parameters)
      out.member("quantization", precision.rawValue)
      out.object("original") { side(snapshot, request, precision, &$0) }
      out.object("simulated") { side(edited, request, precision, &$0) }
    }
  }

  private static func side(
    _ snapshot: Snapshot, _ request: HardwareRequest, _ precision: Sizing.Precision, _ out: inout JSONWriter
  ) {
    let bytes = Sizing.bytes(request.parameters, precision)
    var left = bytes
    var shards = 0
    for free in snapshot.budget.devices.map(\.free).sorted(by: >) where left > 0 {
      left -= free
      shards += 1
    }
    out.member("device_count", snapshot.machine.devices.count)
    out.member("accelerator_count", snapshot.machine.usable.count)
    out.member("accelerator_memory_bytes", snapshot.deviceBytes)
    out.member("system_memory_bytes", snapshot.machine.memory.total.value)
    out.member("memory_required_bytes", bytes)
    out.member("fits", left <= 0)
    out.member("shards_required", left <= 0 ? shards : 0)
    let plan = Planner.plan(request.shape, request.options, on: snapshot.budget, speed: snapshot.speed)
    out.object("plan") { plan.write(&$0) }
  }

  /// The beginning of a file, as it is.
  private static func modelFormat(_ body: [UInt8]) throws(BadRequest) -> [UInt8] {
    guard let format = ModelFile.format(body) else {
      throw BadRequest("The body is not the beginning of a GGUF, safetensors, ONNX or PyTorch file.", "body")
    }
    // The body may be the beginning only; what is behind it is not known. Who answers has little time.
    let most = format == .gguf ? headerBytesMax : jsonBytesMax
    let model = try? ModelFile.read(body.count > most ? Array(body.prefix(most)) : body, fileSize: .max >> 1)
    return write { out in
      out.member("format", format.rawValue)
      out.member("complete", model != nil)
      out.member("format_version", model?.formatVersion ?? ModelFile.version(body, format))
      out.member("param_count", model?.parameters)
      out.member("dtype", model?.quantization)
      out.member("tensor_count", model?.tensors)
      out.member("architecture", model?.architecture)
      out.member("layers", model?.layers.count)
      out.member("weights_bytes", model?.weights)
      out.member("context_length", model?.contextMax)
      out.member("expert_count", model?.expertCount)
    }
  }

  private static func requirementMatch(_ request: HardwareRequest, _ snapshot: Snapshot) throws(BadRequest)
    -> [UInt8]
  {
    guard let test = Requirement(request.requirement) else {
      throw BadRequest("`requirement` is none of \(Requirement.names).", "requirement")
    }
    let devices = snapshot.machine.devices.filter { $0.exclusion == nil && test.matches($0) }
    let least = max(1, request.chips)
    return write { out in
      out.member("requirement", request.requirement)
      out.member("min_chips", least)
      out.member("matches", test == .none || devices.count >= least)
      out.list("devices", devices.map(\.id))
    }
  }

  private static func cost(_ request: HardwareRequest, _ snapshot: Snapshot) -> [UInt8] {
    let precision = request.precision ?? .int8
    let bytes = Sizing.bytes(request.parameters, precision)
    return write { out in
      out.member("model", request.model)
      out.member("model_params", request.parameters)
      out.member("quantization", precision.rawValue)
      out.member("memory_required_bytes", bytes)
      out.member("prices_of", snapshot.prices.date)
      out.array("recommendations") { out in
        for instance in snapshot.prices.cheapest(bytes, provider: request.provider) {
          out.object { out in
            out.member("instance", instance.name)
            out.member("provider", instance.provider)
            out.member("gpu", instance.device)
            out.member("gpu_count", instance.deviceCount)
            out.member("total_memory_gb", instance.gigabytes)
            out.member("price_per_hour_usd_x100", instance.cents)
          }
        }
      }
    }
  }
}

/// Why a request cannot be understood.
struct BadRequest: Error {
  var message: String
  var param: String?

  init(_ message: String, _ param: String? = nil) {
    self.message = message
    self.param = param
  }
}
