import Gateway
import Reactor

/// The history of an episode: its last part as text, and all of it as one number.
struct Happenings {
  enum Kind: String {
    case connects, sends, reads, shuts, leaves, ended, upstream, stop
    case accepted, received, finished, hungUp, drained, responded, arrived, over, woke, row
  }

  private struct One {
    var at: Duration
    var kind: Kind
    var who: UInt64
    var what: Int
  }

  /// Happenings that are remembered.
  static let shownMax = 50

  private var ring: [One] = []
  private var next = 0
  /// FNV-1a over all of them.
  private(set) var digest: UInt64 = 0xcbf2_9ce4_8422_2325

  mutating func note(_ kind: Kind, _ who: UInt64, _ what: Int, at time: Duration) {
    for byte in kind.rawValue.utf8 { mix(UInt64(byte)) }
    mix(who)
    mix(UInt64(bitPattern: Int64(what)))
    mix(UInt64(bitPattern: time.components.seconds))
    mix(UInt64(bitPattern: time.components.attoseconds))
    let one = One(at: time, kind: kind, who: who, what: what)
    if ring.count < Self.shownMax { ring.append(one) } else { ring[next] = one }
    next = (next + 1) % Self.shownMax
  }

  mutating func note(_ event: Event, at time: Duration) {
    switch event {
    case .accepted(let client): note(.accepted, client.bits, 0, at: time)
    case .received(let client): note(.received, client.bits, 0, at: time)
    case .inputClosed(let client): note(.finished, client.bits, 0, at: time)
    case .disconnected(let client): note(.hungUp, client.bits, 0, at: time)
    case .writable(let client): note(.drained, client.bits, 0, at: time)
    case .headReceived(let transfer): note(.responded, transfer.bits, 0, at: time)
    case .bodyReceived(let transfer): note(.arrived, transfer.bits, 0, at: time)
    case .transferEnded(let transfer, let end): note(.over, transfer.bits, end == .complete ? 0 : 1, at: time)
    case .timerFired(_, let tag): note(.woke, tag, 0, at: time)
    case .signal, .mailboxReady, .filesChanged: break
    }
  }

  private mutating func mix(_ word: UInt64) { digest = (digest ^ word) &* 0x100_0000_01b3 }

  /// The last of them, one a line.
  var text: String {
    (ring[(ring.count < Self.shownMax ? 0 : next)...] + ring[..<(ring.count < Self.shownMax ? 0 : next)])
      .map { "  \(Self.milliseconds($0.at)) ms \($0.kind.rawValue) \(Self.name($0.who)) \($0.what)" }
      .joined(separator: "\n")
  }

  private static func milliseconds(_ time: Duration) -> Int {
    Int(time.components.seconds) * 1000 + Int(time.components.attoseconds / 1_000_000_000_000_000)
  }

  /// Slot and life of a name of the reactor; peers of the simulation are their number.
  private static func name(_ bits: UInt64) -> String {
    bits >> 32 == 0 ? "\(bits)" : "\(bits & 0xFFFF_FFFF).\(bits >> 32)"
  }
}
