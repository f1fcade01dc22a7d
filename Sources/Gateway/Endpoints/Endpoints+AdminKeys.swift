internal import Reactor

/// `/v1/admin/keys`: the keys of the key file, for callers with the right `admin`. The file is read and changed on a thread.
extension Endpoints {
  /// A question about the keys, or a change of them.
  enum KeyQuestion: Equatable {
    /// `?after=KEY&limit=N`, as written.
    case list(after: String?, limit: String?)
    case create
    /// The key's name or ID in the path.
    case show(Slice), rotate(Slice), revoke(Slice)

    /// The slice of the path that is the key.
    var key: Slice? {
      switch self {
      case .list, .create: nil
      case .show(let key), .rotate(let key), .revoke(let key): key
      }
    }

    static func list(_ query: Span<UInt8>) -> KeyQuestion {
      func value(_ name: StaticString) -> String? {
        QueryParameters.value(of: name, in: query).flatMap { PercentEncoding.decode(query.extracting($0)) }
      }
      return .list(after: value("after"), limit: value("limit"))
    }
  }

  /// Keys of one list, at most.
  private static let listMax = 1000

  func respondKeys(_ connection: Connection, _ request: AcceptedRequest, _ question: KeyQuestion) {
    let body = connection.body
    do throws(APIError) {
      guard keyFileWork.hasStore else {
        throw APIError(
          400, .invalidValue, "There is no key file. Set `auth.key_file` in hoosh.toml and restart the gateway.")
      }
      // A key must not make another one that may do more than itself.
      guard let key = request.caller.key, key.models.isEmpty, key.providers.isEmpty else {
        throw APIError(
          403, .permissionDenied,
          "The key `\(request.caller.name)` may not manage keys, because it is itself for some models or providers only."
        )
      }
      let order: KeyOrder
      do throws(KeyError) {
        order = try Self.order(question, body.span, request.model, now: Int64(clamping: seconds))
      } catch {
        throw Self.apiError(error)
      }
      let ordered = KeyStore.Request(
        order: order, reserved: Set(settings.configuration.auth.keys.map(\.name)), expiryMax: key.expiry)
      guard keyFileWork.perform(ordered, for: connection) else {
        throw APIError(503, .overloaded, "Too many changes of keys wait. Retry later.", retryAfter: 1)
      }
    } catch {
      connections.reject(connection, error)
    }
  }

  private var seconds: UInt64 { reactor.wallClock / 1_000_000_000 }

  /// Reads the order that a request is.
  private static func order(
    _ question: KeyQuestion, _ body: Span<UInt8>, _ key: String, now: Int64
  ) throws(KeyError) -> KeyOrder {
    switch question {
    case .list(let after, let limit):
      guard let number = limit.map({ Int($0) }) ?? listMax, (1...listMax).contains(number) else {
        throw KeyError(.invalid, "`limit` must be a number from 1 to \(listMax)")
      }
      return .list(after: after, limit: number)
    case .show: return .show(key)
    case .revoke: return .revoke(key)
    case .rotate:
      if body.isEmpty { return .rotate(key, grace: KeyFile.graceDefault) }
      let fields = try KeyFields(body, allowed: ["grace_secs"])
      return .rotate(key, grace: try fields.integer("grace_secs", in: body) ?? KeyFile.graceDefault)
    case .create:
      let fields = try KeyFields(
        body, allowed: ["name", "team", "models", "providers", "rights", "expires", "expires_in_secs"])
      guard let name = try fields.string("name", in: body) else { throw KeyError(.invalid, "`name` is missing") }
      let terms = KeyRecord.Terms(
        team: try fields.string("team", in: body), models: try fields.strings("models", in: body) ?? [],
        providers: try fields.strings("providers", in: body) ?? [],
        rights: try fields.rights("rights", in: body) ?? [.call], expiry: try expiry(fields, body, now: now))
      return .create(name: name, terms)
    }
  }

  private static func expiry(_ fields: KeyFields, _ body: Span<UInt8>, now: Int64) throws(KeyError) -> Int64? {
    let day = try fields.string("expires", in: body)
    let time = try fields.integer("expires_in_secs", in: body)
    if let time {
      guard day == nil else { throw KeyError(.invalid, "set one of `expires` and `expires_in_secs`") }
      let (expiry, isTooLate) = now.addingReportingOverflow(time)
      guard !isTooLate else { throw KeyError(.invalid, "`expires_in_secs` is too large") }
      return expiry
    }
    guard let day else { return nil }
    guard let expiry = KeyRecord.Terms.expiry(atEndOf: day) else {
      throw KeyError(.invalid, "`expires` must be a day, as in 2027-01-31")
    }
    return expiry
  }

  /// An order was carried out, or not: the caller learns it, and the operator of each change.
  func keyOrderEnded(
    _ connection: Connection?, _ order: KeyOrder, _ result: Result<KeyStore.Performed, KeyError>
  ) {
    let caller = connection?.request?.caller.name
    do throws(KeyError) {
      let performed = try result.get()
      if order.isChange {
        let by = caller.map { " by \($0)" } ?? ""
        recorder.notify("hoosh: the key `\(performed.name)` was \(order.done)\(by)")
        recorder.publish(.keys, at: reactor.wallClock) {
          Writer.member("key", performed.name, to: &$0)
          Writer.member("change", order.done, to: &$0)
          if let caller { Writer.member("caller", caller, to: &$0) }
        }
      }
      guard let connection else { return }
      connections.reply(connection, 200, performed.body + [0x0a], field: ("cache-control", "no-store"))
    } catch {
      if error.kind == .file || error.kind == .damaged { recorder.notify("hoosh: \(error)") }
      guard let connection else { return }
      connections.reject(connection, Self.apiError(error))
    }
  }

  private static func apiError(_ error: KeyError) -> APIError {
    let sentence = "The keys cannot be changed: \(error.message)."
    switch error.kind {
    case .invalid: return APIError(400, .invalidValue, sentence)
    case .notFound: return APIError(404, .notFound, sentence)
    case .conflict: return APIError(409, .invalidValue, sentence)
    // The reason may have paths of the machine.
    case .damaged, .file:
      return APIError(503, .overloaded, "The key file cannot be used; the gateway's standard error says why.")
    }
  }
}
