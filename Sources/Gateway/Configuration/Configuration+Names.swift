extension Configuration {
  /// Returns a warning if no request can be served, as with an empty file.
  public func warningWithoutProviders(file: String) -> ConfigurationWarning? {
    if providers.contains(where: \.isEnabled) { return nil }
    let what = providers.isEmpty ? "the file configures no provider" : "every provider is disabled"
    return ConfigurationWarning(
      file: file, line: 1, column: 1, message: "\(what), so that no request can be served; add [[providers]]")
  }
}

extension ConfigurationReader {
  /// Reports aliases and virtual models that are named twice, and targets that lead to no model.
  ///
  /// A disabled provider counts, because one file may serve several machines.
  mutating func checkNames(_ configuration: Configuration) {
    // Without a provider, no name leads to a model, as a warning says.
    if configuration.providers.isEmpty { return }
    var names = ModelNames(providers: configuration.providers)
    // Elements without a valid name are not in the configuration, so both lists are read from the file.
    var first: [String: String] = [:]
    var given: [(path: String, name: String, targets: [(path: String, text: String)])] = []
    for index in 0..<min(values.count("aliases"), Configuration.namesMax)
    where !values.isSet("aliases[\(index)].provider") {
      let path = "aliases[\(index)]"
      given.append((path, values.string("\(path).name"), [("\(path).model", values.string("\(path).model"))]))
    }
    for index in 0..<min(values.count("virtual_models"), Configuration.namesMax) {
      let path = "virtual_models[\(index)]"
      given.append((path, values.string("\(path).name"), values.strings("\(path).targets")))
    }
    for (path, name, targets) in given where !name.isEmpty {
      if let other = first[name] {
        values.report("\(path).name", "repeats \"\(name)\", the name of `\(other)`; give each a name of its own")
      } else {
        first[name] = path
        names.targets[name] = targets.map(\.text)
      }
    }
    for (path, name, targets) in given where !name.isEmpty && first[name] == path {
      for target in targets where !target.text.isEmpty {
        if let problem = names.problem(of: target.text, in: name) { values.report(target.path, problem) }
      }
    }
  }
}

/// The names of models in a file: those of providers, by pattern, and those that stand for other names.
private struct ModelNames {
  /// The most names that are followed from one target.
  private static let followedMax = 10_000

  private let providers: [(name: String, patterns: [ModelPattern])]
  /// The targets of each alias and virtual model.
  var targets: [String: [String]] = [:]

  init(providers: [Configuration.Provider]) {
    self.providers = providers.map { ($0.name, ($0.models.isEmpty ? ["*"] : $0.models).map { ModelPattern($0) }) }
  }

  /// Returns whether a provider may serve a model of this name. A name with the provider's in front is answered there,
  /// whatever follows.
  private func isServed(_ name: String) -> Bool {
    providers.contains { provider in
      provider.patterns.contains { $0.matches(name) } || name.hasPrefix(provider.name + "/")
    }
  }

  /// Returns why a target of a name leads nowhere, as the end of a sentence that begins with the key, or `nil`.
  func problem(of target: String, in name: String) -> String? {
    guard targets[target] != nil else { return isServed(target) ? nil : unserved(target) }
    // A name that occurs again on the way means the providers' model of that name.
    if isServed(name) { return nil }
    return loop(from: target, to: name).map {
      "names \"\(target)\", which leads back to \"\(name)\" (\($0)) and to no model; name a model of a provider"
    }
  }

  /// Returns the way from one name back to another, as text.
  private func loop(from start: String, to end: String) -> String? {
    if start == end { return "\(end) → \(end)" }
    var before: [String: String] = [start: end]
    var next = [start]
    while let name = next.popLast(), before.count < Self.followedMax {
      for target in targets[name] ?? [] {
        if target == end { return way(to: name, before, end) + " → \(end)" }
        guard targets[target] != nil, before[target] == nil else { continue }
        before[target] = name
        next.append(target)
      }
    }
    return nil
  }

  private func way(to name: String, _ before: [String: String], _ end: String) -> String {
    var names = [name]
    while let last = names.last, last != end, let previous = before[last] { names.append(previous) }
    return names.reversed().joined(separator: " → ")
  }

  private func unserved(_ target: String) -> String {
    let prefix = target.prefix { $0 != "/" }
    let names = providers.map(\.name)
    guard prefix.count < target.count, !names.contains(String(prefix)) else {
      return "names \"\(target)\", which no provider has; add it to the models of a provider or fix the name"
    }
    let meant = Spelling.nearest(to: String(prefix), in: names).map { "; did you mean \"\($0)\"?" } ?? ""
    return "names \"\(target)\", but there is neither a provider \"\(prefix)\" nor a model of this name\(meant)"
  }
}
