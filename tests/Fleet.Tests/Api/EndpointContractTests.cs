using Fleet.Api.Contract;
using Fleet.Core.Access;
using Fleet.Client;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

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
