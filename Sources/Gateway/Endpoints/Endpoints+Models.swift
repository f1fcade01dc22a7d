internal import Reactor

/// The endpoints that list models, in the dialects of their callers.
extension Endpoints {
  /// Responds with the models, or with one of them, once the providers' lists are known.
  func respondModels(_ connection: Connection, _ request: AcceptedRequest, _ endpoint: Endpoint) {
    if endpoint == .ollamaShow {
      let body = connection.body
      let fields = JSONLists.members(of: JSONLists.root(body.span), in: body.span)
      let name = fields.value("model", in: body.span) ?? fields.value("name", in: body.span)
      request.model = name?.string(in: body.span) ?? ""
    }
    if modelLists.isFresh(for: connection) { return sendModels(connection, request, endpoint) }
    sendAwaitedModels()
  }

  /// Responds to the connections that waited for the model lists, if these are complete.
  func sendAwaitedModels() {
    // Asked after every event, so the usual answer costs no more than a comparison.
    guard modelLists.isAwaited else { return }
    for connection in modelLists.takeReady() {
      guard connections.isOpen(connection), let request = connection.request, let endpoint = request.endpoint else {
        continue
      }
      sendModels(connection, request, endpoint)
    }
  }

  private func sendModels(_ connection: Connection, _ request: AcceptedRequest, _ endpoint: Endpoint) {
    let row = request.options.dialect.row
    switch endpoint {
    case .models, .ollamaTags:
      return connections.reply(connection, 200, row.writeModels(visible(to: request.caller)))
    case .healthProviders, .routeExplain: return respondAfterLists(connection, endpoint)
    case .ollamaLoaded: return askLoaded(connection, request.caller)
    case .ollamaShow where askDetails(connection, request): return
    default: break
    }
    sendModel(connection, request, isUnlistedToo: endpoint == .ollamaShow)
  }

  /// Sends one model, as it is listed.
  func sendModel(_ connection: Connection, _ request: AcceptedRequest, isUnlistedToo: Bool = false) {
    let listed = visible(to: request.caller).first { $0.id == request.model || $0.id == request.model + ":latest" }
    let isUnlisted = listed == nil && isUnlistedToo && mayUse(request.model, request.caller)
    if let entry = isUnlisted ? unlisted(request.model) : listed {
      return connections.reply(connection, 200, request.options.dialect.row.writeModel(entry))
    }
    connections.reject(
      connection,
      APIError(
        404, .modelNotFound,
        "No provider lists the model `\(request.model)`. GET /v1/models lists the available models.",
        param: "model"))
  }

  /// The models that a caller may use.
  private func visible(to caller: Caller) -> [ModelEntry] {
    guard let key = caller.key, !key.models.isEmpty || !key.providers.isEmpty else { return modelLists.entries }
    return modelLists.entries.filter { mayUse($0.id, caller) }
  }

  /// Whether a caller may use a model, and a provider that serves it.
  func mayUse(_ model: String, _ caller: Caller) -> Bool {
    guard let key = caller.key else { return true }
    if !key.mayUse(model: model) { return false }
    if key.providers.isEmpty { return true }
    return dispatcher.balancer.candidates(dispatcher.balancer.plan(model)).contains { candidate in
      key.mayUse(provider: settings.providers[candidate.provider].name)
    }
  }

  /// A model that no provider lists, but that a pattern routes to one: Ollama's clients ask for a model's details first,
  /// and do not use it without them.
  private func unlisted(_ model: String) -> ModelEntry? {
    guard !model.isEmpty, let first = dispatcher.firstCandidate(of: model) else { return nil }
    return ModelEntry(id: model, ownedBy: settings.providers[first.provider].name, created: 0)
  }
}
