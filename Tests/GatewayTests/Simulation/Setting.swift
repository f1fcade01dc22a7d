@testable import Gateway
import Support

/// The gateway of one episode: its configuration, by chance, with limits so small that they are reached.
struct Setting {
  let configuration: Configuration
  let hasKeys: Bool
  let providers: Int

  static func origin(_ provider: Int) -> String { "http://upstream-\(provider).test" }

  init(_ chance: inout Chance, peers: Int, accessLog: String) throws {
    hasKeys = chance.one(in: 5)
    providers = chance.between(1, 3)
    var text = "[server]\n"
    func set(_ key: String, _ value: Int) { text += "\(key) = \(value)\n" }
    set("clients_max", chance.one(in: 3) ? max(2, peers / 4) : 8192)
    set("json_body_bytes_max", Ask.bodyBytesMax)
    set("commit_after_secs", chance.pick([0, 1, 8]))
    set("keep_alive_comment_secs", chance.pick([0, 1, 15]))
    set("idle_timeout_secs", chance.pick([1, 5, 75]))
    set("upstream_first_event_timeout_secs", chance.pick([2, 10, 60]))
    set("upstream_stall_timeout_secs", chance.pick([1, 10, 60]))
    set("upstream_total_timeout_secs", chance.pick([3, 20, 100]))
    set("upstream_header_timeout_secs", chance.pick([0, 0, 2]))
    set("upstream_model_load_timeout_secs", chance.pick([0, 3, 120]))
    set("upstream_bytes_per_sec_min", chance.pick([0, 0, 20]))
    set("models_timeout_secs", chance.pick([1, 2]))
    set("models_cache_secs", chance.pick([0, 10]))
    set("output_high_water_bytes", chance.pick([16_384, 16_384, 65_536]))
    set("header_timeout_secs", chance.pick([1, 10]))
    set("body_timeout_secs", chance.pick([2, 30]))
    set("client_read_timeout_secs", chance.pick([2, 30]))
    set("drain_timeout_secs", chance.pick([0, 3, 30]))
    set("health_check_interval_secs", chance.pick([0, 1, 30]))
    text += "strategy = \"\(chance.pick(Strategy.allCases).rawValue)\"\n"
    if chance.one(in: 40) { set("memory_bytes_max", 1) }
    text += "[breaker]\n"
    set("consecutive_failures_max", chance.pick([0, 2, 5]))
    text += "[retry]\n"
    set("max_retries", chance.pick([0, 1, 2]))
    text += "[queue]\n"
    set("capacity", chance.pick([0, 3, 512]))
    set("timeout_secs", chance.pick([1, 60]))
    if hasKeys { text += "[auth]\ntokens = [\"\(Ask.token)\"]\n" }
    text += "[access_log]\nformat = \"text\"\npath = \"\(accessLog)\"\n"
    for provider in 0..<providers {
      text += "[[providers]]\ntype = \"OpenAiCompatible\"\nname = \"up\(provider)\"\nmodels = [\"m*\"]\n"
      text += "base_url = \"\(Self.origin(provider))\"\npriority = \(chance.one(in: 3) ? 1 : provider)\n"
      if chance.one(in: 3) { set("max_concurrent", chance.between(1, 4)) }
    }
    for provider in 0..<providers where chance.one(in: 3) {
      text += "[[models]]\nname = \"model\"\nprovider = \"up\(provider)\"\n"
      if chance.one(in: 2) { set("context_tokens", chance.pick([5, 100, 1000])) }
      if chance.one(in: 2) { set("max_concurrent", chance.between(1, 3)) }
      if chance.one(in: 2) { set("stall_timeout_secs", chance.pick([2, 60])) }
      set("input_usd_per_million", chance.below(3))
      set("output_usd_per_million", chance.below(3))
    }
    if chance.one(in: 8) {
      text += "[[providers]]\ntype = \"Demo\"\nmodels = [\"m*\"]\npriority = 9\ndemo.tokens = 5\n"
    }
    var configuration = try Configuration.read(text: Array(text.utf8), file: "simulated.toml", environment: [:])
    // Less than a file may say, so that small bodies reach it.
    if chance.one(in: 4) { configuration.server.requestBodiesBytesMax = chance.pick([300, 3000, 12_000]) }
    self.configuration = configuration
  }
}
