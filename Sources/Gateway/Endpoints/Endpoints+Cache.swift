/// `/v1/cache/stats` and `DELETE /v1/cache`: the counts of the cache, and its emptying.
extension Endpoints {
  func respondCacheStats(_ connection: Connection) {
    let kept = shared.kept
    let counts = kept.counts
    let asked = counts.hits + counts.misses + counts.shared
    var out: [UInt8] = Array("{".utf8)
    Writer.member("enabled", shared.isEnabled, to: &out)
    Writer.member("entries", kept.count, to: &out)
    Writer.member("max_entries", kept.limits.entries, to: &out)
    Writer.member("bytes", kept.bytes, to: &out)
    Writer.member("max_bytes", kept.limits.bytes, to: &out)
    Writer.member("ttl_secs", Int(kept.limits.ttl / 1_000_000_000), to: &out)
    Writer.member("hits", counts.hits, to: &out)
    Writer.member("misses", counts.misses, to: &out)
    Writer.member("shared", counts.shared, to: &out)
    Writer.member("bypassed", counts.bypassed, to: &out)
    Writer.member("evictions", counts.evictions, to: &out)
    Writer.key("hit_rate", to: &out)
    Writer.append(asked == 0 ? 0 : Double(counts.hits + counts.shared) / Double(asked), to: &out)
    Writer.member("saved_tokens", Int(clamping: counts.savedTokens), to: &out)
    Writer.member("saved_cost_micro_usd", Int(clamping: counts.saved.value), to: &out)
    out.append("}\n")
    connections.reply(connection, 200, out)
  }

  func emptyCache(_ connection: Connection, _ request: AcceptedRequest) {
    shared.removeAll()
    recorder.notify("hoosh: the cache was emptied by \(request.caller.name)")
    connections.reply(connection, 200, "{\"status\":\"ok\"}\n")
  }
}
