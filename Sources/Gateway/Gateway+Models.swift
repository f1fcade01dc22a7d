internal import Reactor

/// Who waits for the list of models, and what has come of it.
struct ModelQueue {
  var waiting: [Connection] = []
  var deadline: TimerID?
  /// Bytes so far, by provider.
  var bodies: [Int: [UInt8]] = [:]
}

/// `GET /v1/models` and `/v1/models/{id}`: what the providers have now, asked side by side.
extension Gateway {
  func serveModels(_ connection: Connection, _ request: Arrival) {
    if request.endpoint == .ollamaShow {
      let body = connection.body
      let fields = JSONLists.members(of: JSONLists.root(body.span), in: body.span)
      let name = fields.value("model", in: body.span) ?? fields.value("name", in: body.span)
      request.model = name?.string(in: body.span) ?? ""
    }
    if models.isFresh(now: reactor.now, for: configuration.server.modelsCache) {
      return replyModels(connection, request)
    }
    modelQueue.waiting.append(connection)
    if models.pending.isEmpty { askForModels() }
  }

  private func askForModels() {
    models.begin(Array(providers.indices))
    modelQueue.bodies = [:]
    for (index, provider) in providers.enumerated() {
      if provider.demo != nil {
        models.take(index, named(provider))
        continue
      }
      let transfer = askForModels(of: index, connectTimeout: provider.timeouts.connect)
      transfers[transfer.bits] = .models(transfer, provider: index)
    }
    modelQueue.deadline = reactor.setTimer(
      at: reactor.now + configuration.server.modelsTimeout, tag: Alarm.models.tag)
    finishModelsIfComplete()
  }

  /// Asks a provider for its list of models.
  func askForModels(of index: Int, connectTimeout: Duration) -> TransferID {
    let provider = providers[index]
    return reactor.start(
      UpstreamRequest(
        .get, targets[index].models, fields: provider.credentials[0].getFields, http2: provider.http2,
        connectTimeout: connectTimeout, idleMax: provider.idleMax,
        addresses: provider.publicAddressesOnly ? .publicOnly : .any))
  }

  /// The names that the configuration gives a provider, for when it does not say itself.
  private func named(_ provider: Provider) -> [ModelEntry] {
    provider.namedModels.map { ModelEntry(id: $0, ownedBy: provider.name, created: 0) }
  }

  func modelsArrived(_ transfer: TransferID, _ provider: Int) {
    guard let response = reactor.response(of: transfer) else { return }
    modelQueue.bodies[provider, default: []].append(response.body.readable)
    reactor.consumeBody(of: transfer, response.body.count)
    if modelQueue.bodies[provider, default: []].count > ModelList.listBytesMax {
      transfers[transfer.bits] = nil
      reactor.cancel(transfer)
      models.take(provider, named(providers[provider]))
      finishModelsIfComplete()
    }
  }

  func modelsEnded(_ transfer: TransferID, _ provider: Int, _ end: TransferEnd) {
    var found: [ModelEntry]?
    if end == .complete, let response = reactor.response(of: transfer), response.status == 200 {
      var body = modelQueue.bodies[provider] ?? []
      body.append(response.body.readable)
      found = ModelListReader.read(body.span, ownedBy: providers[provider].name)
    }
    models.take(
      provider, found?.filter { balancer.router.table.serves(provider, $0.id) } ?? named(providers[provider]))
    finishModelsIfComplete()
  }

  /// Some providers did not answer in time: the others' models are the answer.
  func modelsAreLate() {
    for owner in transfers.values {
      guard case .models(let transfer, let provider) = owner else { continue }
      transfers[transfer.bits] = nil
      reactor.cancel(transfer)
      models.take(provider, named(providers[provider]))
    }
    finishModelsIfComplete()
  }

  private func finishModelsIfComplete() {
    guard models.pending.isEmpty, let deadline = modelQueue.deadline else { return }
    reactor.cancel(deadline)
    modelQueue.deadline = nil
    models.finish(order: providers.indices, now: reactor.now)
    let waiting = modelQueue.waiting
    modelQueue.waiting = []
    for connection in waiting {
      guard let request = connection.request, connections[connection.id.bits] === connection else { continue }
      replyModels(connection, request)
      advance(connection)
    }
  }

  private func replyModels(_ connection: Connection, _ request: Arrival) {
    switch request.endpoint {
    case .models?: return reply(connection, 200, request.replyOptions.dialect.row.writeModels(models.entries))
    case .ollamaTags?: return reply(connection, 200, Dialect.ollama.row.writeModels(models.entries))
    case .ollamaLoaded?: return reply(connection, 200, OllamaModels.loaded)
    default: break
    }
    let shows = request.endpoint == .ollamaShow
    let listed = models.entries.first { $0.id == request.model || $0.id == request.model + ":latest" }
    if let entry = listed ?? (shows ? unlisted(request.model) : nil) {
      return reply(connection, 200, (shows ? .ollama : request.replyOptions.dialect).row.writeModel(entry))
    }
    refuse(
      connection,
      APIError(
        404, .modelNotFound,
        "No provider has the model `\(request.model)` now. GET /v1/models lists what there is.",
        param: "model"),
      request.replyOptions)
  }

  /// A model that no list has, but that a provider's pattern would serve: Ollama's clients look at a model before they ask
  /// it, and do not ask when there is nothing to see.
  private func unlisted(_ model: String) -> ModelEntry? {
    guard !model.isEmpty, let first = balancer.candidates(balancer.plan(model)).first else { return nil }
    return ModelEntry(id: model, ownedBy: providers[first.provider].name, created: 0)
  }

  /// How many tokens a prompt has: an estimate from its bytes, as for every model whose own count is not known.
  func countTokens(_ connection: Connection, _ request: Arrival, _ call: CallEndpoint) {
    let body = connection.body
    do throws(APIError) {
      let chat = try ChatRequest.read(body.span, for: call, model: request.model)
      let count = Usage.estimated(promptBytes: chat.messagesBytes, completionBytes: 0).prompt
      let key = call.dialect.row.tokenCountKey
      reply(connection, 200, "{\"\(key)\":\(count)}\n")
    } catch {
      refuse(connection, error, request.replyOptions)
    }
  }
}
