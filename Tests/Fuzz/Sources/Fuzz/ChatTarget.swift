@testable import Gateway

/// A chat completion request. Two bytes describe the candidate; the body follows.
enum ChatTarget {
  static func run(_ input: Span<UInt8>) {
    guard input.count >= 2 else { return }
    let json = input.behind(2)
    do throws(APIError) {
      let request = try ChatRequest.read(json)
      check(request, json, flags: input[0], limit: Int(input[1]) + 1)
    } catch {
      expect(error.status == 400 && error.message.utf8.count < 1024, "a refusal says little")
    }
  }

  private static func check(_ request: ChatRequest, _ json: Span<UInt8>, flags: UInt8, limit: Int) {
    guard let plain = PlainJSON.read(json.array), let entries = plain.entries else {
      fail("a request is an object")
    }
    expect(PlainJSON.areUnique(entries), "a request has no key twice")
    expect(plain["model"]?.text == Array(request.model.utf8), "the model is what the member says")
    expect(json.holds(request.modelToken ?? .empty), "the model lies inside the body")
    expect((1...ModelEntry.idBytesMax).contains(request.model.utf8.count), "a model's name has its bound")
    expect(request.streams == (plain["stream"] == .word("true")), "it streams when it says so")
    expect(request.wantsUsage == (plain["stream_options"]?["include_usage"] == .word("true")), "it asks for usage")
    expect((1...ChatRequest.choicesMax).contains(request.choiceCount), "answers have a bound")
    expect(plain["messages"]?.elements?.isEmpty == false, "there are messages")
    for name in ["n", "best_of"] as [StaticString] {
      guard let count = plain[name], count != .word("null") else { continue }
      expect(count.integer.map { (1...Int64(ChatRequest.choicesMax)).contains($0) } == true, "answers have a bound")
    }
    expect(request.messagesBytes <= json.count, "messages are not longer than the body")

    let served = flags & 1 == 0 ? request.model : "other \"model\"\n"
    let wantsUsage = flags & 2 != 0
    let most = flags & 4 == 0 ? nil : limit
    let written = request.edits(model: served, maxTokensLimit: most, wantsUsage: wantsUsage).text(of: json)
    expect(written.count <= json.count + 128, "what is added has its bound")

    var expected = entries.map { entry in
      var entry = entry
      if entry.reads("model"), flags & 1 != 0 { entry.value = .string("other \\\"model\\\"\\n") }
      if let most { PlainLimits.clamp(&entry, to: most) }
      return entry
    }
    if request.streams, wantsUsage { addUsage(to: &expected) }
    expect(PlainJSON.read(written) == .object(expected), "only what is named changes: \(written.shown)")
  }

  private static func addUsage(to entries: inout [PlainJSON.Entry]) {
    let usage = PlainJSON.entry("include_usage", .word("true"))
    guard let place = entries.firstIndex(where: { $0.reads("stream_options") }) else {
      entries.insert(PlainJSON.entry("stream_options", .object([usage])), at: 0)
      return
    }
    var options = entries[place].value.entries ?? []
    if let option = options.firstIndex(where: { $0.reads("include_usage") }) {
      options[option].value = usage.value
    } else {
      options.insert(usage, at: 0)
    }
    entries[place].value = .object(options)
  }
}
