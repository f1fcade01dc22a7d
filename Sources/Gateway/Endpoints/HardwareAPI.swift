internal import Probe

/// The hardware endpoints without their HTTP: a request's body and a snapshot in, the body of the response out.
///
/// Every answer is arithmetic on the snapshot; nothing here reads a file or waits.
enum HardwareAPI {
  /// One of the hardware endpoints; their paths are rows of `EndpointTable`.
  enum Endpoint {
    case machine, telemetry, models, compatibleModels, placement, simulate, modelFormat, requirementMatch, cost
    case trainingEstimate
  }

  /// The outcome of one request.
  enum Answer: Equatable {
    case json([UInt8])
    /// The request is invalid: an error message, and the member that it is about.
    case refused(String, param: String?)
  }

  /// Bytes of a GGUF header that are read; every other header is JSON or a list of fields and takes longer.
  private static let headerBytesMax = 16 << 20
  private static let slowHeaderBytesMax = 1 << 20

  /// Answers one request. `body` is empty for requests without one.
  static func answer(_ endpoint: Endpoint, _ body: [UInt8], _ snapshot: Snapshot) -> Answer {
    do throws(HardwareRequestError) {
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
      case .trainingEstimate: return .json(try trainingEstimate(HardwareRequest(body)))
      }
    } catch {
      return .refused(error.message, param: error.param)
    }
  }

  /// The use of every usable device: memory, load, temperature, and power.
  private static func telemetry(_ snapshot: Snapshot) -> [UInt8] {
    Writer.document { out in
      Writer.array("devices", to: &out) { out in
        for device in snapshot.machine.usable {
          Writer.object(to: &out) { out in
            let total = device.memory?.value ?? 0
            let free = device.free?.value ?? total
            Writer.member("id", device.id, to: &out)
            Writer.member("name", device.name.value, to: &out)
            device.writeTelemetry(to: &out)
            Writer.member("memory_used_bytes", max(0, total - free), to: &out)
            Writer.member("memory_free_bytes", free, to: &out)
            let link = device.peers.first?.kind ?? (device.link == nil ? "memory" : "pcie")
            Writer.member("interconnect", link, to: &out)
          }
        }
      }
    }
  }

  /// Common model sizes, each at the highest precision that fits.
  private static func models(_ snapshot: Snapshot) -> [UInt8] {
    Writer.document { out in
      Writer.member("total_vram_bytes", snapshot.deviceBytes, to: &out)
      Writer.member("available_vram_bytes", snapshot.freeBytes, to: &out)
      Writer.array("models", to: &out) { out in
        for billions in [1, 3, 7, 13, 70, 405] {
          let found = snapshot.placement(parameters: billions * 1_000_000_000)
          Writer.object(to: &out) { out in
            Writer.member("params_billions", billions, to: &out)
            Writer.member("suggested_quant", found.precision.rawValue, to: &out)
            Writer.member("memory_required_bytes", found.bytes, to: &out)
            Writer.member("fits_single_device", found.fitsOneDevice, to: &out)
            Writer.member("fits_available", found.fitsDevices, to: &out)
            Writer.member("fits_system_memory", found.fitsMemory, to: &out)
          }
        }
      }
    }
  }

  /// The models of the catalog that fit at eight bits, on the devices or in the machine's memory.
  private static func compatibleModels(_ snapshot: Snapshot) -> [UInt8] {
    let fitting = NamedModel.catalog.filter {
      Sizing.bytes(Int($0.billions * 1e9), .int8) <= max(snapshot.freeBytes, snapshot.hostBytes)
    }
    return Writer.document { out in
      Writer.member("quantization", "int8", to: &out)
      Writer.member("available_vram_bytes", snapshot.freeBytes, to: &out)
      Writer.member("available_memory_bytes", snapshot.hostBytes, to: &out)
      Writer.array("compatible", to: &out) { out in
        for entry in fitting {
          let bytes = Sizing.bytes(Int(entry.billions * 1e9), .int8)
          Writer.object(to: &out) { out in
            Writer.member("name", entry.name, to: &out)
            Writer.member("params_billions", rounded: entry.billions, to: &out)
            Writer.member("memory_required_bytes", bytes, to: &out)
            Writer.member("fits_available", bytes <= snapshot.freeBytes, to: &out)
          }
        }
      }
    }
  }

  /// The format of a model file, from its first bytes, which are the body.
  private static func modelFormat(_ body: [UInt8]) throws(HardwareRequestError) -> [UInt8] {
    guard let format = ModelFile.format(body) else {
      throw HardwareRequestError(
        "The body is not the beginning of a GGUF, safetensors, ONNX or PyTorch file.", "body")
    }
    // The body may be only the beginning of the file, so its size says nothing about the file's.
    let bytesMax = format == .gguf ? headerBytesMax : slowHeaderBytesMax
    let model = try? ModelFile.read(
      body.count > bytesMax ? Array(body.prefix(bytesMax)) : body, fileSize: .max >> 1)
    return Writer.document { out in
      Writer.member("format", format.rawValue, to: &out)
      Writer.member("complete", model != nil, to: &out)
      Writer.member("format_version", ifAny: model?.formatVersion ?? ModelFile.version(body, format), to: &out)
      guard let model else { return }
      Writer.member("param_count", model.parameters, to: &out)
      Writer.member("dtype", model.quantization, to: &out)
      Writer.member("tensor_count", model.tensors, to: &out)
      Writer.member("architecture", model.architecture, to: &out)
      Writer.member("layers", model.layers.count, to: &out)
      Writer.member("weights_bytes", model.weights, to: &out)
      Writer.member("context_length", model.contextMax, to: &out)
      Writer.member("expert_count", model.expertCount, to: &out)
    }
  }

  /// Whether the machine has enough devices of a kind.
  private static func requirementMatch(
    _ request: HardwareRequest, _ snapshot: Snapshot
  ) throws(HardwareRequestError) -> [UInt8] {
    guard let requirement = Requirement(rawValue: request.requirement) else {
      let names = Requirement.allCases.map(\.rawValue).joined(separator: ", ")
      throw HardwareRequestError("`requirement` must be one of \(names).", "requirement")
    }
    let devices = snapshot.machine.devices.filter { $0.exclusion == nil && requirement.matches($0) }
    let devicesMin = max(1, request.chips)
    return Writer.document { out in
      Writer.member("requirement", request.requirement, to: &out)
      Writer.member("min_chips", devicesMin, to: &out)
      Writer.member("matches", requirement == .none || devices.count >= devicesMin, to: &out)
      Writer.member("devices", devices.map(\.id), to: &out)
    }
  }
}
