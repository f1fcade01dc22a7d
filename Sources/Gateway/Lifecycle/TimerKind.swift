/// The purpose of a timer, in the 64-bit tag that the reactor gives back.
enum TimerKind {
  /// A connection's next deadline, by its slot.
  case connection(slot: Int)
  /// The end of a detached transfer, or the answer to a question, has not come in time.
  case transfer(slot: Int)
  /// The providers' model lists have not come in time.
  case models
  /// The access log is flushed.
  case accessLog
  /// Entries are handed to the ledger.
  case ledger
  /// The drain has taken its time.
  case drain
  /// A peak has passed, and memory can be returned.
  case trim
  /// There may be memory for what waits for some.
  case memory
  /// Health checks are due.
  case healthChecks
  /// The configuration's file is checked for changes.
  case file
  /// The model lists are requested again for routing.
  case modelRefresh
  /// The configuration is discovered again.
  case discovery
  /// The key file is checked for changes.
  case keyFile
  /// The address for administration may be free now.
  case adminListener

  var tag: UInt64 {
    switch self {
    case .connection(let slot): 1 << 56 | UInt64(slot)
    case .transfer(let slot): 2 << 56 | UInt64(slot)
    case .models: 3 << 56
    case .accessLog: 4 << 56
    case .drain: 5 << 56
    case .trim: 6 << 56
    case .healthChecks: 7 << 56
    case .file: 8 << 56
    case .modelRefresh: 9 << 56
    case .discovery: 10 << 56
    case .memory: 11 << 56
    case .keyFile: 12 << 56
    case .adminListener: 13 << 56
    case .ledger: 14 << 56
    }
  }

  init(tag: UInt64) {
    let slot = Int(tag & 0xFFFF_FFFF)
    switch tag >> 56 {
    case 1: self = .connection(slot: slot)
    case 2: self = .transfer(slot: slot)
    case 3: self = .models
    case 4: self = .accessLog
    case 5: self = .drain
    case 7: self = .healthChecks
    case 8: self = .file
    case 9: self = .modelRefresh
    case 10: self = .discovery
    case 11: self = .memory
    case 12: self = .keyFile
    case 13: self = .adminListener
    case 14: self = .ledger
    default: self = .trim
    }
  }
}
