import CLoad
import Foundation

/// The mock, and the proxies that run in front of it: a new process for each measurement.
final class Rig {
  /// A running proxy.
  struct Proxy {
    var child: Child?
    var port: UInt16
    /// The process whose usage is measured.
    var process: Int32?

    func stop() { child?.stop() }
  }

  /// The number of connections that each proxy must allow.
  static let connectionsMax = 20_000

  let folder: URL
  /// The cores of the proxies, and those of the mock and the client.
  let proxyCore: Int32
  let ownCore: Int32
  let mock: Child
  private let mockPort: UInt16
  private var count = 0

  init() throws(LoadError) {
    folder = FileManager.default.temporaryDirectory.appending(path: "hoosh-load-\(getpid())")
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch { throw LoadError("cannot create \(folder.path): \(error)") }
    proxyCore = 0
    ownCore = load_cores() > 1 ? 1 : 0
    load_pin(ownCore)
    mockPort = try Self.freePort()
    let output = folder.appending(path: "mock.log").path
    mock = try Child(["/proc/self/exe", "mock", "--port", "\(mockPort)"], core: ownCore, output: output)
    try mock.listens(on: mockPort, output: output)
  }

  func close() {
    mock.stop()
    try? FileManager.default.removeItem(at: folder)
  }

  /// Gives all processes real-time priority, or normal priority again.
  func setRealtime(_ proxy: Proxy, _ on: Bool) throws(LoadError) {
    for process in [0, mock.process, proxy.process ?? 0] {
      _ = try LoadError.check(load_realtime(process, on ? 1 : 0), "real-time priority")
    }
  }

  func start(_ target: Target) throws(LoadError) -> Proxy {
    if target.isDirect { return Proxy(child: nil, port: mockPort, process: nil) }
    count += 1
    let port = try Self.freePort()
    let output = folder.appending(path: "\(count).log").path
    let arguments =
      switch target {
      case .hoosh(_, let path): [path, "serve", "--config", try write("\(count).toml", hooshText(port))]
      default: ["nginx", "-p", folder.path, "-c", try write("\(count).conf", nginxText(port, output))]
      }
    let child = try Child(arguments, core: proxyCore, output: output)
    do throws(LoadError) { try child.listens(on: port, output: output) } catch {
      child.stop()
      throw error
    }
    guard case .nginx = target else { return Proxy(child: child, port: port, process: child.process) }
    // nginx listens before its worker has started.
    for _ in 0..<200 {
      if let worker = Meter.child(of: child.process) { return Proxy(child: child, port: port, process: worker) }
      usleep(5000)
    }
    child.stop()
    throw LoadError("nginx did not start a worker:\n\(Meter.text(output))")
  }

  private static func freePort() throws(LoadError) -> UInt16 {
    let descriptor = try LoadError.check(load_listen(0, 1), "listen")
    defer { Foundation.close(descriptor) }
    return UInt16(try LoadError.check(load_local_port(descriptor), "getsockname"))
  }

  private func write(_ name: String, _ text: String) throws(LoadError) -> String {
    let place = folder.appending(path: name)
    do { try text.write(to: place, atomically: true, encoding: .utf8) } catch {
      throw LoadError("cannot write \(place.path): \(error)")
    }
    return place.path
  }

  private func hooshText(_ port: UInt16) -> String {
    """
    [server]
    bind = "127.0.0.1"
    port = \(port)
    clients_max = \(Self.connectionsMax)

    [[providers]]
    type = "OpenAiCompatible"
    name = "mock"
    base_url = "http://127.0.0.1:\(mockPort)/v1"

    [access_log]
    format = "off"
    """
  }

  private func nginxText(_ port: UInt16, _ output: String) -> String {
    """
    \(geteuid() == 0 ? "user root;" : "")
    daemon off;
    worker_processes 1;
    worker_rlimit_nofile \(Self.connectionsMax);
    pid \(output).pid;
    error_log \(output) warn;
    events { worker_connections \(Self.connectionsMax - 200); }
    http {
      access_log off;
      tcp_nodelay on;
      keepalive_timeout 600s;
      keepalive_requests 1000000000;
      client_max_body_size 64m;
      client_body_buffer_size 1m;
      client_body_temp_path \(folder.path)/body;
      proxy_temp_path \(folder.path)/proxy;
      fastcgi_temp_path \(folder.path)/fastcgi;
      uwsgi_temp_path \(folder.path)/uwsgi;
      scgi_temp_path \(folder.path)/scgi;
      upstream mock {
        server 127.0.0.1:\(mockPort);
        keepalive 1024;
        keepalive_requests 1000000000;
        keepalive_timeout 600s;
      }
      server {
        listen 127.0.0.1:\(port) backlog=4096;
        location / {
          proxy_pass http://mock;
          proxy_http_version 1.1;
          proxy_set_header Connection "";
          proxy_buffering off;
          proxy_read_timeout 600s;
          proxy_send_timeout 600s;
        }
      }
    }
    """
  }
}
