using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Fleet.Tests.Cli;

/// <summary>A server that refuses every request. The first segment of the path says how: a status code, or a word.
/// After <c>events-</c> it says how the stream of events is refused; everything else is then answered.</summary>
public sealed class RudeServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _serving;

    public RudeServer()
    {
        _listener.Start();
        _serving = ServeAsync();
    }

    /// <summary>The URL of a server that answers in this way.</summary>
    public string Url(string way) => way == "away"
        ? "http://user:sesame@127.0.0.1:9/away"
        : $"http://user:sesame@127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/{way}";

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _serving;
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task ServeAsync()
    {
        List<Task> answers = [];
        try
        {
            while (true)
                answers.Add(AnswerAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(answers);
        }
    }

    private async Task AnswerAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                var stream = client.GetStream();
                var request = new StringBuilder();
                var buffer = new byte[4096];
                while (!request.ToString().Contains("\r\n\r\n", StringComparison.Ordinal))
                {
                    if (await stream.ReadAsync(buffer, _stop.Token) is > 0 and var read)
                        request.Append(Encoding.UTF8.GetString(buffer, 0, read));
                    else
                        return;
                }

                var way = request.ToString().Split(' ')[1].Split('/')[1];
                if (way == "slow")
                    await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, _stop.Token);
                if (way.Split('-') is [_, var refusal])
                {
                    way = request.ToString().Split(' ')[1].Contains("/api/v1/events", StringComparison.Ordinal) ? refusal : "run";
                }

                await stream.WriteAsync(Encoding.UTF8.GetBytes(Answer(way)), _stop.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or IOException)
            {
                // The command has given up, or the test is over.
            }
        }
    }

    private static string Answer(string way) => way switch
    {
        "nothing" => "",
        "garbage" => "What do you want?\r\n\r\n",
        "html" => Http(200, "<html>It works!</html>"),
        "html404" => Http(404, "<html>Not found</html>"),
        "array" => Http(200, "[]"),
        "deprecated" => Http(
            200, """{"items":[]}""",
            "Deprecation: @1790000000\r\nSunset: Fri, 01 Oct 2027 00:00:00 GMT\r\nLink: <https://fleet.example.com/a>; rel=\"next\"\r\n"
                + "Link: <https://fleet.example.com/gone>; rel=\"deprecation\"; type=\"text/html\"\r\n"),
        "version2" => Http(200, """{"version":"99.0.0","api":"v2","runtime":".NET 99"}"""),
        "run" => Http(200, """{"id":"0198c0de-7a3b-7c4d-8e5f-0123456789ab","state":"running"}"""),
        _ => Http(int.Parse(way, CultureInfo.InvariantCulture), $$"""{"code":"of_{{way}}","detail":"Refused with {{way}}."}"""),
    };

    private static string Http(int status, string body, string headers = "") =>
        $"HTTP/1.1 {status} Whatever\r\n{headers}Content-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}";
}
