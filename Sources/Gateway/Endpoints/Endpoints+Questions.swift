internal import Reactor

/// The endpoints whose answers a provider knows better than hoosh: the tokens of a prompt, a model's details, and the models
/// in memory.
extension Endpoints {
  // MARK: Tokens

  /// Responds with the number of tokens of a prompt.
  func countTokens(_ connection: Connection, _ request: AcceptedRequest, _ endpoint: CallEndpoint) {
    let (body, model) = (connection.body, request.model)
    if body.count > Call.inlineBytesMax {
      return largeWork.read(connection, for: endpoint, model: model)
    }
    countTokens(
      connection, request, endpoint,
      Result { () throws(APIError) in try Call.read(body.span, for: endpoint, model: model) })
  }

  /// Responds with the number of tokens of a request that was read: its provider's, or else an estimate from its bytes.
  func countTokens(
    _ connection: Connection, _ request: AcceptedRequest, _ endpoint: CallEndpoint, _ call: Result<Call, APIError>
  ) {
    let read: Call
    do throws(APIError) {
      read = try call.get()
      // The question is no call, but costs the provider about as much as one.
      admission.leave(try admission.enter(request.caller, model: read.model, pool: nil, at: reactor.instant))
    } catch { return connections.reject(connection, error) }
    let estimate = Usage.estimated(promptBytes: read.promptBytes, completionBytes: 0)
    guard let question = tokenQuestion(read, connection, request) else {
      return reply(connection, endpoint, estimate)
    }
    questions.ask(connection, [question]) { [unowned self] answers in
      let count = answers.first.flatMap { $0.status == 200 ? TokenCountReader.read($0.body.span) : nil }
      reply(connection, endpoint, count.map { Usage(prompt: $0, completion: 0, source: .reported) } ?? estimate)
    }
  }

  private func reply(_ connection: Connection, _ endpoint: CallEndpoint, _ usage: Usage) {
    connections.reply(
      connection, 200, Array("{\"\(endpoint.dialect.row.tokenCountKey)\":\(usage.prompt)}\n".utf8),
      field: ("x-token-count", usage.source == .reported ? "reported" : "estimated"))
  }

  /// The question that counts the tokens of a request at the provider to which it would go now; `nil` if that provider
  /// cannot be asked. A large request is only asked about where it need not be translated.
  private func tokenQuestion(
    _ call: Call, _ connection: Connection, _ request: AcceptedRequest
  ) -> ProviderQuestions.Question? {
    let json = connection.body
    let next = dispatcher.nextCandidate(
      of: call, json.span, mayReadMore: DialectTable.mayReadMore(request.dialectFields), now: reactor.now)
    guard let next else { return nil }
    let (index, model) = (next.provider, dispatcher.upstreamName(next, for: call.model))
    let provider = settings.providers[index]
    if request.caller.key?.mayUse(provider: provider.name) == false { return nil }
    let passes = call.passes(to: provider.dialect)
    guard passes || json.count <= Call.inlineBytesMax else { return nil }
    if questions.canAsk(index, .tokens) {
      let target = provider.target(
        for: model, streams: false, thinks: dispatcher.balancer.known.thinks(model, at: index))
      guard let body = try? call.body(json.span, in: provider.dialect, for: target) else { return nil }
      switch body {
      case .edited(let edits):
        return ProviderQuestions.Question(
          provider: index, kind: .tokens, body: BufferChain(json, changedBy: edits), fields: request.dialectFields)
      case .translated(let written):
        return ProviderQuestions.Question(
          provider: index, kind: .tokens,
          body: BufferChain(MessagesRequestWriter.countedMembers(of: written.body.span)))
      }
    }
    guard questions.canAsk(index, .tokenize), json.count <= Call.inlineBytesMax,
      let conversation = call.conversation(json.span), let body = PromptText.question(conversation, json.span)
    else { return nil }
    return ProviderQuestions.Question(provider: index, kind: .tokenize, body: BufferChain(body))
  }

  /// The provider to which requests for a model go first, and its name of the model.
  private func firstProvider(of model: String) -> (index: Int, model: String)? {
    guard let first = dispatcher.firstCandidate(of: model) else { return nil }
    return (first.provider, dispatcher.upstreamName(first, for: model))
  }

  // MARK: Ollama's models

  /// Asks a model's provider for its details, and responds with them; returns false if the provider cannot be asked.
  func askDetails(_ connection: Connection, _ request: AcceptedRequest) -> Bool {
    guard let (index, model) = firstProvider(of: request.model), questions.canAsk(index, .details),
      mayUse(request.model, request.caller)
    else { return false }
    let body = connection.body
    let question = ProviderQuestions.Question(
      provider: index, kind: .details, body: BufferChain(OllamaModels.detailsQuestion(model, like: body.span)))
    questions.ask(connection, [question]) { [unowned self] answers in
      guard let answer = answers.first, answer.status == 200, OllamaModels.areDetails(answer.body.span) else {
        return sendModel(connection, request, isUnlistedToo: true)
      }
      connections.reply(connection, 200, answer.body)
    }
    return true
  }

  /// Asks every provider that knows which models are in memory, and responds with all of them, by the names that callers
  /// know.
  func askLoaded(_ connection: Connection, _ caller: Caller) {
    let asked = settings.providers.indices.filter { index in
      questions.canAsk(index, .loaded) && caller.key?.mayUse(provider: settings.providers[index].name) != false
    }
    .map { ProviderQuestions.Question(provider: $0, kind: .loaded) }
    questions.ask(connection, asked) { [unowned self] answers in
      var loaded = OllamaModels.Loaded()
      for answer in answers where answer.status == 200 {
        guard let provider = settings.index(of: answer.provider) else { continue }
        loaded.add(answer.body.span) { dispatcher.servedNames(of: $0, at: provider).first }
      }
      connections.reply(connection, 200, loaded.text)
    }
  }
}
