import Foundation
import Gateway

extension Micro {
  /// Looks up keys of a key file, reads the file, and compiles it.
  static func keys() -> [Row] {
    let count = 100_000
    let (small, _) = file(1)
    let (large, secrets) = file(count)
    let text = large.text
    // Several, so that memory which was free before counts for little.
    let before = residentBytes
    let rings = (0..<8).map { _ in KeyRing(large) }
    print("memory of \(count) keys: \((residentBytes - before) / rings.count / count) bytes each")
    let ring = rings[0]
    let some = secrets.enumerated().filter { $0.offset % 97 == 0 }.map { Array($0.element.reveal().utf8) }
    return [
      presenting("key: hash and lookup, 1 in the file", KeyRing(small), some),
      presenting("key: hash and lookup, \(count) in the file", ring, some),
      Row("key file: read \(count)", bytes: text.count) {
        do throws(KeyError) { return UInt64(try KeyFile(text: text).records.count) } catch {
          fatalError(error.message)
        }
      },
      Row("key file: compile \(count)", bytes: text.count) { UInt64(KeyRing(large).count) },
    ]
  }

  /// The memory of this process.
  private static var residentBytes: Int {
    let statm = try? String(contentsOfFile: "/proc/self/statm", encoding: .ascii)
    return (statm?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * Int(getpagesize())
  }

  /// Presents keys one after the other, so that they are in no cache.
  private static func presenting(_ name: String, _ ring: KeyRing, _ secrets: [[UInt8]]) -> Row {
    let keys = APIKeys([], ring: ring)
    var next = 0
    return Row(name, bytes: secrets[0].count) {
      next = next + 1 < secrets.count ? next + 1 : 0
      let secret = secrets[next]
      return keys.admits(secret.span, at: 0) ? 1 : 0
    }
  }

  private static func file(_ count: Int) -> (KeyFile, [Secret]) {
    var file = KeyFile()
    do throws(KeyError) {
      let terms = KeyRecord.Terms(team: "build", models: ["llama*"])
      let made = try file.create((0..<count).map { "caller-\($0)" }, terms, at: 0)
      return (file, made.map(\.1))
    } catch { fatalError(error.message) }
  }
}
