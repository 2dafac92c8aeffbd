<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:z="http://indexdata.com/zebra-2.0">
  <xsl:output method="xml"/>
  <xsl:template match="record">
    <z:record z:id="{@id}">
      <z:index name="id:0"><xsl:value-of select="@id"/></z:index>
      <z:index name="any:w title:w"><xsl:value-of select="title"/></z:index>
      <z:index name="any:w author:w"><xsl:value-of select="author"/></z:index>
      <z:index name="any:w publisher:w"><xsl:value-of select="publisher"/></z:index>
      <z:index name="any:w subject:w"><xsl:value-of select="subject"/></z:index>
      <z:index name="any:w isbn:w"><xsl:value-of select="isbn"/></z:index>
      <z:index name="year:n"><xsl:value-of select="year"/></z:index>
    </z:record>
  </xsl:template>
</xsl:stylesheet>
