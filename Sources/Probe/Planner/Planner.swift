/// Places a model on a machine. Planning is arithmetic on a budget, so what-ifs use the same code.
public enum Planner {
  /// Returns the best placement of a model within a budget.
  public static func plan(
    _ model: Model, _ options: RunOptions = RunOptions(), on budget: MemoryBudget,
    speed: SpeedCorrection = SpeedCorrection()
  ) -> Plan {
    let demand = Demand(model, options)
    var attempt = Attempt(model: model, demand: demand, budget: budget)
    var plan = attempt.best()
    plan.tokensPerSecond = Speed.estimate(plan, model, options, budget, speed)
    plan.reasons = attempt.reasons
    for (id, reason) in budget.rejected { plan.reasons.append("\(id): \(reason)") }
    plan.advice = advice(plan, model, options, budget)
    return plan
  }

  /// The largest context that `largestContext` considers, in tokens.
  static let contextMax = 1 << 27

  /// Returns the largest context length with which the devices hold the whole model, in steps of 256 tokens. `nil`
  /// if even 256 do not fit.
  public static func largestContext(_ model: Model, _ options: RunOptions = RunOptions(), on budget: MemoryBudget)
    -> Int?
  {
    func fitsOnDevices(_ steps: Int) -> Bool {
      var asked = options
      asked.context = steps * 256
      var attempt = Attempt(model: model, demand: Demand(model, asked), budget: budget)
      return attempt.best().isOnDevices
    }
    var low = 1
    var high = min(max(options.context, model.contextMax > 0 ? model.contextMax : 131_072), contextMax) / 256
    // Usually the weights alone are too large.
    guard high >= low, fitsOnDevices(low) else { return nil }
    while low < high {
      let middle = (low + high + 1) / 2
      if fitsOnDevices(middle) { low = middle } else { high = middle - 1 }
    }
    return low * 256
  }

  private static func advice(_ plan: Plan, _ model: Model, _ options: RunOptions, _ budget: MemoryBudget)
    -> [String]
  {
    var advice: [String] = []
    if plan.isOnDevices || budget.devices.isEmpty { return advice }
    if let context = largestContext(model, options, on: budget), context < options.context {
      advice.append("with a context of \(context) tokens, the model fits on the devices")
    }
    if options.keyBits == 16, options.valueBits == 16 {
      var smaller = options
      smaller.keyBits = 8.5
      smaller.valueBits = 8.5
      smaller.flashAttention = true
      var attempt = Attempt(model: model, demand: Demand(model, smaller), budget: budget)
      if attempt.best().isOnDevices {
        advice.append("with keys and values in Q8_0, the model fits on the devices")
      }
    }
    return advice
  }
}

/// One search for a placement, which tries the modes from best to worst.
private struct Attempt {
  let model: Model
  let demand: Demand
  let budget: MemoryBudget
  var reasons: [String] = []

  /// Returns the best plan.
  mutating func best() -> Plan {
    single() ?? split() ?? expertsInMemory() ?? partial() ?? processor() ?? nothing()
  }

  /// Returns a plan with the fastest device that holds the whole model.
  private mutating func single() -> Plan? {
    for device in budget.devices {
      guard demand.whole <= device.bytes else {
        reasons.append(
          "\(device.id): needs \(Bytes.text(demand.whole)), but only \(Bytes.text(device.bytes)) are usable")
        continue
      }
      guard demand.input <= hostLeft([device]) else {
        reasons.append("\(device.id): the machine's memory cannot hold the embedding table")
        continue
      }
      var plan = Plan(mode: .single, demand: demand)
      plan.shares = [
        Plan.Share(
          device: device.id, name: device.name, layers: demand.layers.count, bytes: demand.whole, hasOutput: true)
      ]
      plan.hostBytes = demand.input
      return plan
    }
    return nil
  }

  /// Returns a plan that fills as few devices as possible, fastest first.
  private func split() -> Plan? {
    guard budget.devices.count > 1 else { return nil }
    // Of equally fast devices, prefer those linked to the first one, or on its NUMA node.
    let first = budget.devices[0]
    let order = budget.devices.sorted { left, right in
      func rank(_ device: MemoryBudget.Device) -> (Int, Double, Int, Int) {
        (
          device.isUnified ? 1 : 0, -device.bandwidth, device.hive != nil && device.hive == first.hive ? 0 : 1,
          device.numaNode == first.numaNode ? 0 : 1
        )
      }
      return rank(left) < rank(right)
    }
    for count in 2...order.count {
      if let plan = fill(Array(order.prefix(count)), experts: true, mode: .split), plan.layersInMemory == 0 {
        return plan
      }
    }
    return nil
  }

  /// Returns a plan with all dense weights on devices, and as many experts as fit.
  private func expertsInMemory() -> Plan? {
    guard model.expertCount > 0, !budget.devices.isEmpty, demand.experts.contains(where: { $0 > 0 }) else {
      return nil
    }
    guard var plan = fill(budget.devices, experts: false, mode: .expertsInMemory), plan.layersInMemory == 0 else {
      return nil
    }
    var free = plan.shares.map { share in
      (budget.devices.first { $0.id == share.device }?.bytes ?? 0).minus(share.bytes)
    }
    var rest = 0
    for size in demand.experts where size > 0 {
      // Use the device with the most free memory; the order of the layers does not matter for experts.
      if let roomiest = free.indices.max(by: { free[$0] < free[$1] }), free[roomiest] >= size {
        free[roomiest] = free[roomiest].minus(size)
        plan.shares[roomiest].bytes = plan.shares[roomiest].bytes.plus(size)
      } else {
        plan.expertLayersInMemory += 1
        rest = rest.plus(size)
      }
    }
    plan.hostBytes = demand.input.plus(rest)
    return plan.hostBytes <= hostLeft(used(plan)) ? plan : nil
  }

  /// Returns a plan with as many layers on devices as fit.
  private func partial() -> Plan? {
    guard !budget.devices.isEmpty, !demand.layers.isEmpty,
      var plan = fill(budget.devices, experts: true, mode: .partial), plan.layersInMemory < demand.layers.count
    else { return nil }
    let rest = (0..<plan.layersInMemory).reduce(demand.input.plus(demand.compute)) {
      $0.plus(demand.layers[$1]).plus(demand.experts[$1])
    }
    plan.hostBytes = plan.shares.contains(where: \.hasOutput) ? rest : rest.plus(demand.output)
    return plan.hostBytes <= hostLeft(used(plan)) ? plan : nil
  }

  private func processor() -> Plan? {
    // The processor uses one table for input and output.
    let all = demand.whole.plus(model.sharesTable ? 0 : demand.input)
    guard all <= budget.host else { return nil }
    var plan = Plan(mode: .processor, demand: demand)
    plan.hostBytes = all
    plan.layersInMemory = demand.layers.count
    return plan
  }

  private mutating func nothing() -> Plan {
    reasons.append(
      "memory: needs \(Bytes.text(demand.whole.plus(demand.input))), but only \(Bytes.text(budget.host)) are usable"
    )
    return Plan(mode: .none, demand: demand)
  }

  /// Fills devices from the last layer backwards: the output and the last layers go to the fastest devices, and the
  /// first layers stay in memory. Each device that holds a layer also needs its compute buffers.
  private func fill(_ devices: [MemoryBudget.Device], experts: Bool, mode: Plan.Mode) -> Plan? {
    var plan = Plan(mode: mode, demand: demand)
    var next = demand.layers.count - 1
    var needsOutput = true
    for device in devices {
      var left = device.bytes.minus(demand.compute)
      var share = Plan.Share(device: device.id, name: device.name, layers: 0, bytes: 0, hasOutput: false)
      if needsOutput, demand.output <= left {
        left = left.minus(demand.output)
        share.bytes = demand.output
        share.hasOutput = true
        needsOutput = false
      }
      while next >= 0 {
        let size = demand.layers[next].plus(experts ? demand.experts[next] : 0)
        guard size <= left else { break }
        left = left.minus(size)
        share.bytes = share.bytes.plus(size)
        share.layers += 1
        next -= 1
      }
      if share.layers > 0 || share.hasOutput {
        share.bytes = share.bytes.plus(demand.compute)
        plan.shares.append(share)
      }
    }
    plan.layersInMemory = next + 1
    plan.hostBytes = demand.input
    if mode == .split, needsOutput { return nil }
    return plan.shares.isEmpty || demand.input > hostLeft(used(plan)) ? nil : plan
  }

  private func used(_ plan: Plan) -> [MemoryBudget.Device] {
    budget.devices.filter { device in plan.shares.contains { $0.device == device.id } }
  }

  /// Returns the machine's usable memory, less the shares of devices that use the same memory.
  private func hostLeft(_ devices: [MemoryBudget.Device]) -> Int {
    devices.reduce(budget.host) { $1.isUnified ? max(0, $0.minus(min(demand.whole, $1.bytes))) : $0 }
  }
}
