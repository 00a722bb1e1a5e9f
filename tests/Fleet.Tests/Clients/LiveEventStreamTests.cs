using System.Net;
using System.Text;
using Fleet.Client;
using Fleet.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Fleet.Tests.Clients;

/// <summary>The client of the events: what it reads, and how it connects again.</summary>
public sealed class LiveEventStreamTests
{
    private readonly FakeTimeProvider _time = new(Verbs.Noon);

    [Fact]
    public async Task Listen_EventsOfEveryKind_AreRead()
    {
        var events = await ListenAsync(
            4,
            Stream(
                """
                retry: 2000

                id: a-1
                event: figures
                data: {"ready":{"value":10000,"relation":"gte"},"lanes":[{"name":"mail"}]}

                event: ping
                data: {}

                event: somethingNew
                data: {}

                id: a-2
                event: changes
                data: {"runs":{"ids":["x"],"more":true},"schedules":true}

                event: resync
                data: {"reason":"Because."}


                """));

        Assert.Equal("10,000+", Assert.IsType<FiguresEvent>(events[0]).Figures.Ready.ToString());
        var changes = Assert.IsType<ChangesEvent>(events[1]).Changes;
        Assert.True(changes.Schedules && changes.Runs!.More);
        Assert.Equal("Because.", Assert.IsType<ResyncEvent>(events[2]).Reason);
        Assert.IsType<ConnectionLostEvent>(events[3]);
    }

    [Fact]
    public async Task Listen_ConnectionLost_GoesOnFromTheLastEvent()
    {
        var handler = new Answers(
            Stream("id: a-7\nevent: changes\ndata: {}\n\n"),
            () => throw new HttpRequestException("away"),
            () => new HttpResponseMessage(HttpStatusCode.ServiceUnavailable)
            {
                Content = new StringContent("""{"code":"too_many_streams","detail":"Too many."}"""),
            },
            Stream("id: a-8\nevent: changes\ndata: {}\n\n"));

        var events = await ListenAsync(5, handler);

        Assert.Equal([null, "a-7", "a-7", "a-7"], handler.LastEventIds);
        Assert.Equal(
            ["The server ended the stream.", "away", "Too many."], events.OfType<ConnectionLostEvent>().Select(e => e.Reason));
        Assert.IsType<ChangesEvent>(events[4]);
    }

    [Fact]
    public async Task Listen_Refusal_IsThrown()
    {
        var refused = () => new HttpResponseMessage(HttpStatusCode.NotFound)
        {
            Content = new StringContent("""{"code":"not_found","detail":"There is no run 'x'."}"""),
        };

        var e = await Assert.ThrowsAsync<FleetServerException>(() => ListenAsync(1, refused));

        Assert.Equal(("not_found", "There is no run 'x'."), (e.Code, e.Message));
    }

    [Fact]
    public async Task Follow_StatesThatAreToldTwice_AreGivenOnce()
    {
        using var http = Connect(new Answers(Stream(
            """
            event: run
            data: {"state":"pending","id":"1"}

            event: run
            data: {"state":"pending","id":"1"}

            event: run
            data: {"state":"succeeded","id":"1"}

            event: run
            data: {"state":"pending","id":"1"}


            """)));

        var states = new List<string>();
        await foreach (var run in new LiveEventStream(() => http, _time).FollowAsync(RunId.New(Verbs.Noon)))
            states.Add(run.State);

        Assert.Equal(["pending", "succeeded"], states);
    }

    private Task<List<LiveEvent>> ListenAsync(int count, params Func<HttpResponseMessage>[] answers) =>
        ListenAsync(count, new Answers(answers));

    private async Task<List<LiveEvent>> ListenAsync(int count, Answers answers)
    {
        using var http = Connect(answers);
        var events = new List<LiveEvent>();
        var listening = Task.Run(async () =>
        {
            await foreach (var happened in new LiveEventStream(() => http, _time).ListenAsync())
            {
                events.Add(happened);
                if (events.Count == count)
                    return;
            }
        });
        await _time.AdvanceUntilAsync(() => Task.FromResult(listening.IsCompleted));
        await listening;
        return events;
    }

    private static HttpClient Connect(Answers answers) => new(answers) { BaseAddress = new Uri("http://fleet/") };

    private static Func<HttpResponseMessage> Stream(string text) => () => new HttpResponseMessage(HttpStatusCode.OK)
    {
        Content = new StringContent(text.ReplaceLineEndings("\n"), Encoding.UTF8, "text/event-stream"),
    };

    private sealed class Answers(params Func<HttpResponseMessage>[] answers) : HttpMessageHandler
    {
        private int _next;

        public List<string?> LastEventIds { get; } = [];

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            LastEventIds.Add(request.Headers.TryGetValues("Last-Event-ID", out var ids) ? ids.Single() : null);
            return Task.FromResult(answers[_next++]());
        }
    }
}
