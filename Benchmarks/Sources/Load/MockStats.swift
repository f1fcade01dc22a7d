/// The counters of the mock since it started.
struct MockStats {
  var accepted = 0
  var open = 0
  var requests = 0
  var streams = 0
  var streamsOpen = 0
  /// The number of connections that the other side closed.
  var closes = 0
  /// The number of streams whose connection closed before their end.
  var streamsAbandoned = 0

  var json: String {
    "{\"connections_open\":\(open),\"connections\":\(accepted),\"requests\":\(requests),\"streams\":\(streams),"
      + "\"streams_open\":\(streamsOpen),\"closes\":\(closes),\"streams_abandoned\":\(streamsAbandoned)}"
  }
}
