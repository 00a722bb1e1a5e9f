using System.Net;
using Fleet.Tests.Oidc;
using Fleet.Tests.Support;

namespace Fleet.Tests.EndToEnd;

/// <summary>Sessions are known to all schedulers, and outlive them.</summary>
public sealed class SignInOnTwoSchedulersTests(PostgresServer postgres, RabbitMqServer rabbit)
{
    private static readonly string[] Admins = ["fleet-admins"];

    [Fact]
    public async Task SignIn_BegunOnOne_EndsOnTheOther_OutlivesBoth_AndEndsEverywhere()
    {
        await using var provider = await TestProvider.StartAsync();
        provider.Person = new() { ["sub"] = "u-1", ["preferred_username"] = "alex", ["groups"] = Admins };
        var host = await rabbit.CreateHostAsync();
        var settings = FleetProcess.ServiceSettings(await postgres.CreateDatabaseAsync(), host.Uri);
        foreach (var (name, value) in provider.Settings())
            settings[name.Replace(":", "__", StringComparison.Ordinal)] = value!;
        using var homes = new TempFolder();
        string session;
        Dictionary<string, string> InHome(string home) => new(settings) { ["HOME"] = home };
        {
            // Each has a home of its own, as on two machines: what protects the sign-in is in the database.
            await using var first = await FleetProcess.StartServiceAsync("Scheduler", InHome(Path.Combine(homes.Path, "first")));
            await using var second = await FleetProcess.StartServiceAsync("Scheduler", InHome(Path.Combine(homes.Path, "second")));
            using var browser = new Browser(first.Http.BaseAddress!);
            var callback = new UriBuilder(await browser.GoToProviderAsync()) { Port = second.Http.BaseAddress!.Port };
            var answer = await browser.GetAsync(callback.Uri.AbsoluteUri);
            Assert.True(answer.StatusCode == HttpStatusCode.Redirect, $"{await answer.Content.ReadAsStringAsync()}\n{second.Output}");
            session = browser.Cookies.Single(c => c.Name.StartsWith("fleet-http-", StringComparison.Ordinal)).Value;
            Assert.Equal(HttpStatusCode.OK, await AskAsync(first, session));
            await first.KillAsync();
            await second.KillAsync();
        }

        await using var third = await FleetProcess.StartServiceAsync("Scheduler", settings);
        await using var fourth = await FleetProcess.StartServiceAsync("Scheduler", settings);
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (await AskAsync(third, session), await AskAsync(fourth, session)));
        using var stream = await SendAsync(fourth, HttpMethod.Get, "/api/v1/events", session);
        Assert.Equal(HttpStatusCode.OK, stream.StatusCode);
        await using var events = await stream.Content.ReadAsStreamAsync();

        using var ended = await SendAsync(third, HttpMethod.Delete, "/api/v1/sessions/current", session);
        var since = TimeProvider.System.GetTimestamp();

        Assert.Equal(HttpStatusCode.OK, ended.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(third, session));
        await ReadToEndAsync(events).WaitAsync(Waiting.Limit, TimeProvider.System);
        var took = TimeProvider.System.GetElapsedTime(since);
        await Until.TrueAsync(async () => await AskAsync(fourth, session) == HttpStatusCode.Unauthorized);
        TestContext.Current.SendDiagnosticMessage($"The stream on the other scheduler ended {took.TotalSeconds:0.0} s after the sign-out.");
    }

    private static async Task ReadToEndAsync(Stream events)
    {
        try
        {
            // What it says is of no interest here.
            await events.CopyToAsync(Stream.Null);
        }
        catch (IOException)
        {
            // Cut off, which is an end too.
        }
    }

    private static async Task<HttpStatusCode> AskAsync(FleetProcess fleet, string session)
    {
        using var answer = await SendAsync(fleet, HttpMethod.Get, "/api/v1/whoami", session);
        return answer.StatusCode;
    }

    private static Task<HttpResponseMessage> SendAsync(FleetProcess fleet, HttpMethod method, string path, string session)
    {
        var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        request.Headers.Add("Cookie", $"fleet-http-{fleet.Http.BaseAddress!.Port}={session}");
        request.Headers.Add("Sec-Fetch-Site", "same-origin");
        return fleet.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }
}
