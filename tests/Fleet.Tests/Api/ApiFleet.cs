using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Tests.Api;

/// <summary>One Fleet for all tests of a class, or of the collection <see cref="Shared"/>: starting it costs more than most of
/// them.</summary>
[CollectionDefinition(Shared)]
public sealed class ApiFleet : IAsyncLifetime, ICollectionFixture<ApiFleet>
{
    /// <summary>The collection whose classes share one Fleet.</summary>
    public const string Shared = "api";

    private EmbeddedFleet? _fleet;

    internal Script Script { get; } = new(call => call.Word switch
    {
        "wait" => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, call.Token),
        "fail" => throw new NonRetryableException("Said to fail."),
        "talk" => TalkAsync(call),
        _ => Task.CompletedTask,
    });

    public EmbeddedFleet Fleet => _fleet!;

    public HttpClient Http => Fleet.Http;

    public async ValueTask InitializeAsync() => _fleet = await ScriptedFleet.StartAsync(Script);

    public ValueTask DisposeAsync() => Fleet.DisposeAsync();

    /// <summary>Sends a body as it is. A DELETE without <paramref name="ifMatch"/> deletes any version; an empty text leaves the header
    /// out.</summary>
    public async Task<Answer> SendAsync(
        string method, string path, string? body = null, string? key = null, string? ifMatch = null, string? ifNoneMatch = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(Http.BaseAddress + path.TrimStart('/')));
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        if (key is not null)
            request.Headers.TryAddWithoutValidation("Idempotency-Key", key);
        if ((ifMatch ?? (method == "DELETE" ? "*" : "")) is { Length: > 0 } match)
            request.Headers.TryAddWithoutValidation("If-Match", match);
        if (ifNoneMatch is not null)
            request.Headers.TryAddWithoutValidation("If-None-Match", ifNoneMatch);
        using var response = await Http.SendAsync(request);
        return await Answer.ReadAsync(response);
    }

    /// <summary>Enqueues one run and answers its id.</summary>
    public async Task<RunId> EnqueueAsync(string body)
    {
        var answer = await SendAsync("POST", "/api/v1/runs", body);
        Assert.Equal(202, answer.Status);
        return answer.Id;
    }

    /// <summary>How many runs and schedules there are.</summary>
    public async Task<(int Runs, int Schedules)> CountAsync()
    {
        await using var db = Fleet.Storage.Read();
        return (await db.Runs.CountAsync(), await db.Schedules.CountAsync());
    }

    private static async Task TalkAsync(Call call)
    {
        call.Context.Log.Information("one");
        call.Context.Log.Warning("two");
        call.Context.Log.Error("three");
        await Task.CompletedTask;
    }
}

/// <summary>What came back.</summary>
public sealed record Answer(int Status, string Text, JsonElement Json, string? ContentType, string? Location, string? RetryAfter)
{
    public RunId Id => RunId.TryParse(this["id"], out var id) ? id : throw new InvalidOperationException(Text);

    /// <summary>A member as text; null when it is missing or null.</summary>
    public string? this[string name] =>
        Json.ValueKind == JsonValueKind.Object && Json.TryGetProperty(name, out var value) ? value.ToString() : null;

    public IReadOnlyList<JsonElement> Items => [.. Json.GetProperty("items").EnumerateArray()];

    /// <summary>The header, in quotation marks; null when there is none.</summary>
    public string? ETag { get; init; }

    public static async Task<Answer> ReadAsync(HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync();
        return new Answer(
            (int)response.StatusCode, text, text.StartsWith('{') ? JsonElement.Parse(text) : default,
            response.Content.Headers.ContentType?.MediaType,
            response.Headers.Location?.OriginalString, response.Headers.RetryAfter?.ToString())
        {
            ETag = response.Headers.ETag?.ToString(),
        };
    }
}
