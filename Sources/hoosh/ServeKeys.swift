import ArgumentParser
import Gateway
import Reactor

/// The key file of the gateway that `serve` runs.
struct ServeKeys {
  private let store: KeyFileStore?
  /// The keys; `nil` if the configuration names no key file.
  let ring: KeyRing?
  private let file: FileWatch?
  /// The state of the file before it was read.
  private let stamp: FileWatch.Stamp?

  /// Reads the file. Prints the reason and exits if it cannot be used.
  init(_ loaded: ConfigurationSource.Loaded) throws {
    guard !loaded.configuration.auth.keyFile.isEmpty else {
      (store, ring, file, stamp) = (nil, nil, nil, nil)
      return
    }
    let store = KeyFileStore(loaded.configuration.auth.keyFile)
    do throws(SystemError) { file = try FileWatch(store.path) } catch {
      Terminal.printError("hoosh: cannot watch \(store.name) for changes: \(error)")
      throw ExitCode.input
    }
    stamp = file?.readStamp()
    self.store = store
    ring = try Self.ring(store, loaded)
  }

  /// Reads and compiles the keys of a configuration, and checks that they go together.
  static func ring(_ store: KeyFileStore, _ loaded: ConfigurationSource.Loaded) throws -> KeyRing {
    do throws(KeyError) {
      let keys = try store.load()
      if keys == nil {
        Terminal.printError("hoosh: \(store.name) does not exist yet; `hoosh keys create NAME` makes it")
      }
      let ring = KeyRing(keys ?? KeyFile())
      guard let name = ring.conflict(with: loaded.configuration) else { return ring }
      throw KeyError(.conflict, "\(store.name): `\(name)` is the name of a key in \(loaded.origin), too")
    } catch {
      Terminal.printError("hoosh: \(error)")
      throw error.kind == .file ? ExitCode.input : ExitCode.configuration
    }
  }

  /// Has a gateway read the file again when it has changed.
  func watch(for gateway: Gateway) throws(SystemError) {
    guard let store else { return }
    let keyStore = try KeyStore(
      file: file,
      load: {
        Result { () throws(KeyError) in
          guard let keys = try store.load() else { throw KeyError(.file, "\(store.name): the key file is gone") }
          return keys
        }
      },
      perform: { request in
        Result { () throws(KeyError) in
          try store.perform(request.order, reserved: request.reserved, expiryMax: request.expiryMax)
        }
      })
    try gateway.watchKeys(keyStore, since: stamp)
  }
}
