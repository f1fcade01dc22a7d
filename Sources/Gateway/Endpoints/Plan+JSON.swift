public import Probe

extension Plan {
  /// The plan for a model as JSON, as `hoosh fit --json` prints it.
  public func json(of model: Model) -> [UInt8] {
    Writer.document { out in
      Writer.object("model", to: &out) { model.write(to: &$0) }
      Writer.object("plan", to: &out) { write(to: &$0) }
    }
  }

  /// Appends the members of a plan.
  func write(to out: inout [UInt8]) {
    Writer.member("manner", mode.rawValue, to: &out)
    Writer.member("fits", fits, to: &out)
    Writer.member("device_bytes", deviceBytes, to: &out)
    Writer.member("host_bytes", hostBytes, to: &out)
    Writer.member("cache_bytes", demand.cache, to: &out)
    Writer.member("compute_bytes", demand.compute, to: &out)
    Writer.array("shares", to: &out) { out in
      for share in shares {
        Writer.object(to: &out) { out in
          Writer.member("device", share.device, to: &out)
          Writer.member("name", share.name, to: &out)
          Writer.member("layers", share.layers, to: &out)
          Writer.member("bytes", share.bytes, to: &out)
          Writer.member("has_output", share.hasOutput, to: &out)
        }
      }
    }
    Writer.member("layers_in_memory", layersInMemory, to: &out)
    Writer.member("expert_layers_in_memory", expertLayersInMemory, to: &out)
    if let speed = tokensPerSecond {
      Writer.member("tokens_per_second_from", rounded: speed.lowerBound, to: &out)
      Writer.member("tokens_per_second_to", rounded: speed.upperBound, to: &out)
    }
    Writer.member("reasons", reasons, to: &out)
    Writer.member("advice", advice, to: &out)
  }
}

extension Model {
  /// Appends the members of a model.
  fileprivate func write(to out: inout [UInt8]) {
    Writer.member("name", name, to: &out)
    Writer.member("format", format.rawValue, to: &out)
    Writer.member("architecture", architecture, to: &out)
    Writer.member("quantization", quantization, to: &out)
    Writer.member("parameters", parameters, to: &out)
    Writer.member("layers", layers.count, to: &out)
    Writer.member("weights_bytes", weights, to: &out)
    Writer.member("context_length", contextMax, to: &out)
    Writer.member("expert_count", expertCount, to: &out)
    Writer.member("experts_used", expertsUsed, to: &out)
    Writer.member("notes", notes, to: &out)
  }
}
