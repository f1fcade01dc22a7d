internal import Probe

// The endpoints that plan a model of a given size: on this machine, on an edited one, on a rented one, or in
// training.

extension HardwareAPI {
  /// The memory that a model takes, whether it fits, and the plan for it.
  static func placement(_ request: HardwareRequest, _ snapshot: Snapshot) -> [UInt8] {
    let suggested = snapshot.placement(parameters: request.parameters)
    let precision = request.precision ?? suggested.precision
    let bytes = Sizing.bytes(request.parameters, precision)
    return Writer.document { out in
      Writer.member("model_params", request.parameters, to: &out)
      Writer.member("quantization", precision.rawValue, to: &out)
      Writer.member("memory_required_bytes", bytes, to: &out)
      Writer.member("fits_single_device", bytes <= snapshot.largestFree, to: &out)
      Writer.member("available_vram_bytes", snapshot.freeBytes, to: &out)
      Writer.member("vram_reserve_bytes", snapshot.reserve, to: &out)
      Writer.member("fits_available", bytes <= snapshot.freeBytes, to: &out)
      Writer.member("suggested_quant", suggested.precision.rawValue, to: &out)
      let plan = Planner.plan(request.shape, request.options, on: snapshot.budget, speed: snapshot.speed)
      Writer.object("plan", to: &out) { plan.write(to: &$0) }
    }
  }

  /// The same model on the machine as it is, and on the machine with devices added and removed.
  static func simulate(_ request: HardwareRequest, _ snapshot: Snapshot) -> [UInt8] {
    var edited = Snapshot(
      snapshot.machine.edited(adding: request.added, removingFirst: request.removed), reserve: snapshot.reserve,
      prices: snapshot.prices)
    edited.speed = snapshot.speed
    let precision = request.precision ?? .int4
    return Writer.document { out in
      Writer.member("model_params", request.parameters, to: &out)
      Writer.member("quantization", precision.rawValue, to: &out)
      Writer.object("original", to: &out) { write(snapshot, request, precision, to: &$0) }
      Writer.object("simulated", to: &out) { write(edited, request, precision, to: &$0) }
    }
  }

  private static func write(
    _ snapshot: Snapshot, _ request: HardwareRequest, _ precision: Sizing.Precision, to out: inout [UInt8]
  ) {
    let bytes = Sizing.bytes(request.parameters, precision)
    let shards = snapshot.budget.shards(bytes)
    Writer.member("device_count", snapshot.machine.devices.count, to: &out)
    Writer.member("accelerator_count", snapshot.machine.usable.count, to: &out)
    Writer.member("accelerator_memory_bytes", snapshot.deviceBytes, to: &out)
    Writer.member("system_memory_bytes", snapshot.machine.memory.total.value, to: &out)
    Writer.member("memory_required_bytes", bytes, to: &out)
    Writer.member("fits", shards != nil, to: &out)
    Writer.member("shards_required", shards ?? 0, to: &out)
    let plan = Planner.plan(request.shape, request.options, on: snapshot.budget, speed: snapshot.speed)
    Writer.object("plan", to: &out) { plan.write(to: &$0) }
  }

  /// The cheapest cloud instances with enough memory.
  static func cost(_ request: HardwareRequest, _ snapshot: Snapshot) -> [UInt8] {
    let precision = request.precision ?? .int8
    let bytes = Sizing.bytes(request.parameters, precision)
    return Writer.document { out in
      Writer.member("model", ifAny: request.model, to: &out)
      Writer.member("model_params", request.parameters, to: &out)
      Writer.member("quantization", precision.rawValue, to: &out)
      Writer.member("memory_required_bytes", bytes, to: &out)
      Writer.member("prices_of", snapshot.prices.date, to: &out)
      Writer.array("recommendations", to: &out) { out in
        for instance in snapshot.prices.cheapest(bytes, provider: request.provider) {
          Writer.object(to: &out) { out in
            Writer.member("instance", instance.name, to: &out)
            Writer.member("provider", instance.provider, to: &out)
            Writer.member("gpu", instance.device, to: &out)
            Writer.member("gpu_count", instance.deviceCount, to: &out)
            Writer.member("total_memory_gb", instance.gigabytes, to: &out)
            Writer.member("price_per_hour_usd_x100", instance.cents, to: &out)
          }
        }
      }
    }
  }

  /// The memory that training takes, by method and kind of device.
  static func trainingEstimate(_ request: HardwareRequest) throws(HardwareRequestError) -> [UInt8] {
    guard let method = TrainingEstimate.Method(rawValue: request.method) else {
      let names = TrainingEstimate.Method.allCases.map(\.rawValue).sorted().joined(separator: ", ")
      throw HardwareRequestError("`method` must be one of \(names).", "method")
    }
    guard let target = TrainingEstimate.Target(rawValue: request.target) else {
      let names = TrainingEstimate.Target.allCases.map(\.rawValue).joined(separator: ", ")
      throw HardwareRequestError("`target` must be one of \(names).", "target")
    }
    let estimate = TrainingEstimate(parameters: request.parameters, method: method, target: target)
    return Writer.document { out in
      Writer.member("model_params_millions", request.parameters / 1_000_000, to: &out)
      Writer.member("method", method.rawValue, to: &out)
      Writer.member("target", target.rawValue, to: &out)
      Writer.object("estimate", to: &out) { out in
        Writer.member("model_bytes", estimate.model, to: &out)
        Writer.member("model_gib_x1000", thousandthsOfGiB(estimate.model), to: &out)
        Writer.member("optimizer_bytes", estimate.optimizer, to: &out)
        Writer.member("optimizer_gib_x1000", thousandthsOfGiB(estimate.optimizer), to: &out)
        Writer.member("activation_bytes", estimate.activation, to: &out)
        Writer.member("activation_gib_x1000", thousandthsOfGiB(estimate.activation), to: &out)
        Writer.member("total_bytes", estimate.total, to: &out)
        Writer.member("total_gib_x1000", thousandthsOfGiB(estimate.total), to: &out)
      }
    }
  }

  private static func thousandthsOfGiB(_ bytes: Int) -> Int { Int(Double(bytes) / Double(1 << 30) * 1000) }
}
