namespace Fleet.Api.Events;

/// <summary>The event stream as the OpenAPI document describes it: OpenAPI has no words of its own for events.</summary>
internal static class EventDescription
{
    public const string Text = """
        A stream of server-sent events (`text/event-stream`, as browsers' `EventSource` reads it). It goes on until one side ends it.
        An event is a few lines and an empty line: `id:` (only `figures` and `changes` have one), `event:` with its name, and one `data:`
        line of JSON. `x-events` of the answer has the schema of each event's data.

        | event | when | data |
        |---|---|---|
        | `figures` | at once, then every second | `LiveFiguresView`: what the fleet is doing now |
        | `changes` | when something changed, at most twice a second | `ChangesView`: the ids of what to read again |
        | `run` | with `run=`: at once, then after each change of that run | `RunChangeView`: its state, attempt and progress |
        | `resync` | once, after a reconnect | `ResyncView`: events were missed; read again what you show |
        | `ping` | every 15 s | `{}` |

        **Following a run to its end.** Ask with `run=ID`. The first `run` event has the state of now, so nothing is missed between the
        enqueue and the first event. Close the stream when the state is `succeeded`, `failed`, `canceled` or `deleted` (it was pruned).
        The server does not close it. Events have neither output nor log: read them from `/runs/{id}` then.

        **Reconnecting.** When the stream ends, connect again after 2 s (the stream says so in its first line, `retry: 2000`), with the last
        `id` that you have seen in the header `Last-Event-ID`. The stream goes on with the `changes` that you missed. If they are not kept
        any more, or another process answers, it begins with `resync` instead. A stream with `run=` alone has no ids: connect again without
        the header, and the first event has the state of now. With the header, `resync` comes first. An event may repeat the state of the
        one before. A stream that is silent for 40 s is dead.

        Ignore events with other names. A process serves 200 streams, which follow at most 500 runs together; more get 503
        `too_many_streams`.
        """;

    public const string Example = """
        retry: 2000

        id: 8d1f0c2ab4e7-42
        event: changes
        data: {"runs":null,"lanes":["default"],"workers":[],"schedules":false}

        event: ping
        data: {}


        """;

    /// <summary>The events by name, with what their data is written from.</summary>
    public static IReadOnlyDictionary<string, Type> Events { get; } = new Dictionary<string, Type>
    {
        ["figures"] = typeof(Client.LiveFiguresView),
        ["changes"] = typeof(Client.ChangesView),
        ["run"] = typeof(Client.RunChangeView),
        ["resync"] = typeof(Client.ResyncView),
        ["ping"] = typeof(Contract.EmptyBody),
    };
}
