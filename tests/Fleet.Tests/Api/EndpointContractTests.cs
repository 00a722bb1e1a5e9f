using Fleet.Api.Contract;
using Fleet.Api.OpenApi;
using Fleet.Client;
using Fleet.Core.Access;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;

namespace Fleet.Tests.Api;

/// <summary>What endpoints declare, and what their requests are checked for.</summary>
[Collection(ApiFleet.Shared)]
public sealed class EndpointContractTests(ApiFleet api)
{
    private static readonly EndpointContract Some = new("x", "X.") { Permission = Permission.View, Answers = [Ok] };

    [Fact]
    public void Endpoints_All_DeclareAContractOfTheirOwn()
    {
        var endpoints = api.Fleet.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(e => e.RoutePattern.RawText!.StartsWith("/api/v1", StringComparison.Ordinal)).ToList();
        var contracts = endpoints.ConvertAll(e => e.Metadata.GetRequiredMetadata<EndpointContract>());

        Assert.True(contracts.Count >= 22);
        Assert.Empty(contracts.GroupBy(c => c.Name).Where(g => g.Count() > 1).Select(g => g.Key));
        Assert.All(contracts, c => Assert.Matches("^[a-z][A-Za-z]+$", c.Name));
        Assert.All(contracts, c => Assert.EndsWith(".", c.Summary, StringComparison.Ordinal));
    }

    [Fact]
    public void Apply_WithoutAContract_IsRefused() =>
        Assert.Contains("declares no contract", Refused("/api/v1/x", contract: null), StringComparison.Ordinal);

    [Fact]
    public void Apply_PathNamesAnotherParameter_IsRefused() =>
        Assert.Contains("name other parameters", Refused("/api/v1/x/{id}", Some with { Answers = [Ok] }), StringComparison.Ordinal);

    [Fact]
    public void Apply_NoAnswer_IsRefused() =>
        Assert.Contains("no answer", Refused("/api/v1/x", Some with { Answers = [] }), StringComparison.Ordinal);

    [Fact]
    public void Apply_ExampleThatIsNotAllowed_IsRefused()
    {
        var limit = new NumberParameter("limit", "Limit.", 1, 5) { Example = "6" };

        var error = Refused("/api/v1/x", Some with { Parameters = [limit], Answers = [Ok] });

        Assert.Contains("the example of its parameter 'limit' is not allowed", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Apply_RequiredParameterWithoutAnExample_IsRefused()
    {
        var q = new TextParameter("q", "Query.") { IsRequired = true };

        var error = Refused("/api/v1/x", Some with { Parameters = [q], Answers = [Ok] });

        Assert.Contains("'q' has no example", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_ParameterThatTheEndpointDoesNotDeclare_Throws()
    {
        var http = new DefaultHttpContext();
        http.SetEndpoint(new Endpoint(null, new EndpointMetadataCollection(Some), "x"));

        Assert.Throws<InvalidOperationException>(() => CommonParameters.DryRun.Of(http));
    }

    /// <summary>The field of query, header, path and body, and of the parts that only the endpoint knows.</summary>
    [Fact]
    public async Task Send_ManyBadFields_NamesTheFirst_AndStoresNothing()
    {
        var before = await api.CountAsync();

        var answer = await api.SendAsync("PUT", "/api/v1/schedules/many?dryRun=maybe&x=1", """{"job":"nothing.here","cron":"x"}""");

        Assert.Equal((400, "unknown_parameter", "x"), (answer.Status, answer["code"], answer["field"]));
        Assert.Equal(before, await api.CountAsync());
    }

    [Theory]
    [InlineData("", true, false, null, null, null)]
    [InlineData("?old=1", true, false, "@1735689600", "Tue, 01 Jul 2025 00:00:00 GMT", "</docs/old>; rel=\"deprecation\"")]
    [InlineData("", false, false, "@1704067200", null, "</docs/gone>; rel=\"deprecation\"; type=\"text/html\"")]
    [InlineData("?old=1", false, false, "@1704067200", "Tue, 01 Jul 2025 00:00:00 GMT", "</docs/gone>")]
    [InlineData("?old=x", true, true, "@1735689600", "Tue, 01 Jul 2025 00:00:00 GMT", "</docs/old>")]
    public async Task Send_ToWhatIsDeprecated_TellsSinceWhenAndUntilWhen(
        string query, bool isCurrent, bool isRefused, string? deprecation, string? sunset, string? link)
    {
        var contract = OfOld(isCurrent);
        var http = new DefaultHttpContext();
        http.Request.Method = "GET";
        http.Request.QueryString = new QueryString(query);
        http.SetEndpoint(new Endpoint(null, new EndpointMetadataCollection(contract), "x"));

        if (isRefused)
            await Assert.ThrowsAsync<InvalidRunException>(() => EndpointRules.CheckAsync(http, _ => Task.CompletedTask));
        else
            await EndpointRules.CheckAsync(http, _ => Task.CompletedTask);

        Assert.Equal((deprecation, sunset), (Header("Deprecation"), Header("Sunset")));
        Assert.StartsWith(link ?? "", Header("Link") ?? "", StringComparison.Ordinal);
        Assert.Equal(link is null, Header("Link") is null);

        string? Header(string name) => http.Response.Headers.TryGetValue(name, out var values) ? values.ToString() : null;
    }

    [Fact]
    public void Document_OfWhatIsDeprecated_SaysSo()
    {
        var document = new OpenApiDocument();

        var gone = FleetOpenApi.Operation(OfOld(isCurrent: false), "/api/v1/x", document, new ViewSchemas());
        var current = FleetOpenApi.Operation(OfOld(isCurrent: true), "/api/v1/x", document, new ViewSchemas());

        Assert.Equal((true, false), (gone.Deprecated, current.Deprecated));
        Assert.All([gone, current], o => Assert.True(Assert.Single(o.Parameters!).Deprecated));
    }

    /// <summary>An endpoint with a parameter that is deprecated; itself since a year earlier, unless it is current.</summary>
    private static EndpointContract OfOld(bool isCurrent)
    {
        var old = new NumberParameter("old", "Old.", 0, 5)
        {
            Deprecated = new(Instant(2025, 1), Instant(2025, 7), "/docs/old"),
        };
        var contract = new EndpointContract("getX", "X.")
        {
            Permission = Permission.View,
            Parameters = [old],
            Answers = [Ok],
            Deprecated = isCurrent ? null : new(Instant(2024, 1), null, "/docs/gone"),
        };
        return contract.Check(Microsoft.AspNetCore.Routing.Patterns.RoutePatternFactory.Parse("/api/v1/x"), isChange: false);

        static DateTimeOffset Instant(int year, int month) => new(year, month, 1, 0, 0, 0, TimeSpan.Zero);
    }

    private static AnswerContract Ok => AnswerContract.Of<EnqueuedView>("Fine.");

    private static string Refused(string pattern, EndpointContract? contract)
    {
        var endpoint = new RouteEndpointBuilder(
            _ => Task.CompletedTask, Microsoft.AspNetCore.Routing.Patterns.RoutePatternFactory.Parse(pattern), 0);
        if (contract is not null)
            endpoint.Metadata.Add(contract);
        return Assert.Throws<InvalidOperationException>(() => EndpointContracts.Apply(endpoint, _ => null)).Message;
    }
}
