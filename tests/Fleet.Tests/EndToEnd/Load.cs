using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json;
using Fleet.Engine.Diagnostics;
using RabbitMQ.Client;

namespace Fleet.Tests.EndToEnd;

/// <summary>Submits runs of <c>diag.ledger</c> and <c>diag.effect</c> through every entrance at an even pace. What fails is done again with
/// the same idempotency key or message id, so that each key is one run, however often it took.</summary>
/// <param name="http">The API.</param>
/// <param name="client">The client of a process of the application's own.</param>
/// <param name="broker">The URI of the broker.</param>
internal sealed class Load(HttpClient http, IFleetClient client, string broker) : IAsyncDisposable
{
    private const int BatchSize = 20;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <summary>After which a publish without an answer is done again on a connection of its own: of what a broker took while it died or
    /// started, it need not say anything, and the client library waits for ever.</summary>
    private static readonly TimeSpan BrokerPatience = TimeSpan.FromSeconds(30);

    private readonly ConnectionFactory _factory = new() { Uri = new Uri(broker), AutomaticRecoveryEnabled = false };
    private readonly SemaphoreSlim _opening = new(1);
    private readonly ConcurrentDictionary<string, string> _waiting = [];
    private IConnection? _connection;
    private IChannel? _channel;
    private int _submitted;
    private int _refused;

    /// <summary>How many runs were accepted.</summary>
    public int Submitted => Volatile.Read(ref _submitted);

    /// <summary>How many submits were refused or got no answer, and were repeated.</summary>
    public int Refused => Volatile.Read(ref _refused);

    /// <summary>What each entrance that is not done submits, and how its last submit failed.</summary>
    public string Waiting => string.Join('\n', _waiting.Values);

    /// <param name="runs">How many runs there are to be, in all.</param>
    /// <param name="duration">How long it takes at least.</param>
    public Task RunAsync(int runs, TimeSpan duration)
    {
        var entrances = new (string Name, int Share, Func<string[], Task> Submit)[]
        {
            ("batch", 8, SubmitBatchAsync),
            ("single", 3, keys => Task.WhenAll(keys.Select(SubmitSingleAsync))),
            ("client", 4, keys => Task.WhenAll(keys.Select(SubmitByClientAsync))),
            ("raw", 3, keys => PublishAsync(keys, Submission)),
            (
                "envelope", 2,
                keys => PublishAsync(keys, key => new { messageType = new[] { "urn:message:Any:Thing" }, message = Submission(key) })),
        };
        var shares = entrances.Sum(e => e.Share);
        return Task.WhenAll(entrances.Select(e => SubmitAsync(e.Name, runs * e.Share / shares, duration, e.Submit)));
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        _opening.Dispose();
    }

    private async Task SubmitAsync(string name, int runs, TimeSpan duration, Func<string[], Task> submit)
    {
        using var pace = new PeriodicTimer(duration / (runs / BatchSize + 1), TimeProvider.System);
        for (var i = 0; i < runs; i += BatchSize)
        {
            await pace.WaitForNextTickAsync();
            string[] keys = [.. Enumerable.Range(i, Math.Min(BatchSize, runs - i)).Select(n => $"{name}.{n}")];
            await RepeatAsync(name, keys, submit);
            Interlocked.Add(ref _submitted, keys.Length);
        }

        _waiting.TryRemove(name, out _);
    }

    private async Task RepeatAsync(string name, string[] keys, Func<string[], Task> submit)
    {
        _waiting[name] = keys[0];
        while (true)
        {
            try
            {
                await submit(keys);
                return;
            }
            catch (Exception e)
            {
                Interlocked.Increment(ref _refused);
                _waiting[name] = $"{keys[0]}, at {TimeProvider.System.GetUtcNow():HH:mm:ss} {e.GetType().Name}: {e.Message}";
                await Task.Delay(Pause, TimeProvider.System);
            }
        }
    }

    /// <summary>The three ways to write the row: in a transaction of Fleet's or of the handler's, and as an effect in a shared one.
    /// The same for the same key.</summary>
    public static string JobOf(string key) => key[^1] % 3 == 0 ? "diag.effect" : "diag.ledger";

    public static object ArgsOf(string key) => IsOwnTransaction(key) ? new { key, ownTransaction = true } : new { key };

    private static bool IsOwnTransaction(string key) => key[^1] % 3 == 1;

    private static object Submission(string key) => new { job = JobOf(key), args = ArgsOf(key) };

    private async Task SubmitBatchAsync(string[] keys)
    {
        var runs = keys.Select(key => new { job = JobOf(key), args = ArgsOf(key), idempotencyKey = key });
        using var answer = await http.PostAsJsonAsync("/api/v1/runs/batch", new { runs });
        answer.EnsureSuccessStatusCode();
    }

    private async Task SubmitSingleAsync(string key)
    {
        using var answer = await http.PostAsJsonAsync("/api/v1/runs", new { job = JobOf(key), args = ArgsOf(key), idempotencyKey = key });
        answer.EnsureSuccessStatusCode();
    }

    private Task SubmitByClientAsync(string key)
    {
        var options = new EnqueueOptions { IdempotencyKey = key };
        return JobOf(key) == "diag.effect"
            ? client.EnqueueAsync(new LedgerEffect(key), options)
            : client.EnqueueAsync(new Ledger(key, IsOwnTransaction(key)), options);
    }

    private async Task PublishAsync(string[] keys, Func<string, object> body)
    {
        using var limit = new CancellationTokenSource(BrokerPatience);
        var channel = await OpenAsync(limit.Token);
        try
        {
            await Task.WhenAll(keys.Select(key => channel.BasicPublishAsync(
                "fleet.lanes", "default", mandatory: true, new BasicProperties { MessageId = $"{IdOf(key)}", Persistent = true },
                JsonSerializer.SerializeToUtf8Bytes(body(key)), limit.Token).AsTask()));
        }
        catch (OperationCanceledException)
        {
            await channel.AbortAsync(CancellationToken.None);
            throw;
        }
    }

    /// <summary>The same for the same key.</summary>
    private static Guid IdOf(string key) =>
        new(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(key)).AsSpan(0, 16));

    /// <summary>The channel that both publishing entrances share; one opens it for both.</summary>
    private async Task<IChannel> OpenAsync(CancellationToken ct)
    {
        await _opening.WaitAsync(ct);
        try
        {
            if (_channel is { IsOpen: true } open)
                return open;
            await CloseAsync();
            _connection = await _factory.CreateConnectionAsync(ct);
            return _channel = await _connection.CreateChannelAsync(
                new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), ct);
        }
        finally
        {
            _opening.Release();
        }
    }

    private async Task CloseAsync()
    {
        var (connection, channel) = (_connection, _channel);
        (_connection, _channel) = (null, null);
        if (channel is not null)
            await channel.DisposeAsync();
        if (connection is not null)
            await connection.DisposeAsync();
    }
}
