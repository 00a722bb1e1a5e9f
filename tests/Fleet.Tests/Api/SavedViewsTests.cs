using System.Net.Http.Headers;
using System.Text;

namespace Fleet.Tests.Api;

/// <summary>Saved views over HTTP.</summary>
public sealed class SavedViewsTests(ApiFleet api) : IClassFixture<ApiFleet>
{
    private const string Body = """{"query":"state:failed","columns":["id","job"],"sort":"-finishedAt","shared":true}""";

    [Fact]
    public async Task Put_NewAndAgain_KeepsOwnerAndChangesVersion()
    {
        var made = await SendAsync("alex", "PUT", "kept", Body);
        var tag = made["version"];
        var changed = await SendAsync("kim", "PUT", "kept", """{"query":"state:canceled","shared":true}""", $"\"{tag}\"");
        var late = await SendAsync("kim", "PUT", "kept", Body, $"\"{tag}\"");
        var blind = await SendAsync("kim", "PUT", "kept", Body);

        Assert.Equal((201, "state:failed", """["id","job"]""", "-finishedAt"), (made.Status, made["query"], made["columns"], made["sort"]));
        Assert.Equal((200, "state:canceled"), (changed.Status, changed["query"]));
        Assert.Equal(("alex", "kim"), (Name(changed, "owner"), Name(changed, "changedBy")));
        Assert.NotEqual(tag, changed["version"]);
        Assert.Equal((412, "precondition_failed"), (late.Status, late["code"]));
        Assert.Equal((428, "precondition_required"), (blind.Status, blind["code"]));
    }

    [Fact]
    public async Task Private_OfSomebodyElse_IsNotThereAndItsNameIsTaken()
    {
        await SendAsync("alex", "PUT", "own", """{"query":"state:failed"}""");

        Assert.Equal(200, (await SendAsync("alex", "GET", "own")).Status);
        Assert.Equal(404, (await SendAsync("kim", "GET", "own")).Status);
        Assert.Equal(404, (await SendAsync("kim", "DELETE", "own", match: "*")).Status);
        var taken = await SendAsync("kim", "PUT", "own", Body, "*");
        Assert.Equal((409, "view_taken", "name"), (taken.Status, taken["code"], taken["field"]));
        Assert.DoesNotContain("own", await NamesAsync("kim"));
        Assert.Contains("own", await NamesAsync("alex"));
    }

    [Fact]
    public async Task Delete_AViewThatIsThere_RemovesIt()
    {
        await SendAsync("alex", "PUT", "gone", Body);

        Assert.Equal(204, (await SendAsync("alex", "DELETE", "gone", match: "*")).Status);
        Assert.Equal(404, (await SendAsync("alex", "GET", "gone")).Status);
        Assert.Equal(404, (await SendAsync("alex", "DELETE", "gone", match: "*")).Status);
    }

    [Theory]
    [InlineData("bad", """{"query":"jbo:a"}""", "invalid_query", "query", "did you mean 'job'?")]
    [InlineData("bad", """{"columns":["id","jbo"]}""", "unknown_column", "columns[1]", "did you mean 'job'?")]
    [InlineData("bad", """{"columns":["id",null]}""", "unknown_column", "columns[1]", "allowed are id, job")]
    [InlineData("bad", """{"columns":["id","id"]}""", "invalid_columns", "columns", "given twice")]
    [InlineData("bad", """{"sort":"-args"}""", "unknown_column", "sort", "no column 'args'")]
    [InlineData("bad", """{"sorted":"id"}""", "unknown_field", "sorted", "did you mean 'sort'?")]
    [InlineData("b%20d", """{}""", "invalid_name", "name", "not allowed")]
    public async Task Put_WrongField_IsRefusedByName(string name, string body, string code, string field, string hint)
    {
        var refused = await SendAsync("alex", "PUT", name, body);

        Assert.Equal((400, code, field), (refused.Status, refused["code"], refused["field"]));
        Assert.Contains(hint, refused["detail"], StringComparison.Ordinal);
    }

    private async Task<List<string>> NamesAsync(string user) =>
        [.. (await SendAsync(user, "GET", "")).Items.Select(v => v.GetProperty("name").GetString()!)];

    private static string? Name(Answer answer, string member) => answer.Json.GetProperty(member).GetProperty("name").GetString();

    private async Task<Answer> SendAsync(string user, string method, string name, string? body = null, string? match = null)
    {
        using var request = new HttpRequestMessage(
            new HttpMethod(method), new Uri($"{api.Http.BaseAddress}api/v1/views/{name}".TrimEnd('/')));
        request.Headers.TryAddWithoutValidation("X-Fleet-User", user);
        if (match is not null)
            request.Headers.TryAddWithoutValidation("If-Match", match);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        using var response = await api.Http.SendAsync(request);
        return await Answer.ReadAsync(response);
    }
}
